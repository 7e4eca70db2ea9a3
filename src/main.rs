//! Arguments to outcome to exit code, nothing else.

fn main() {}
