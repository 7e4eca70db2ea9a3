//! Reading a configuration file.

mod stamp;

pub use stamp::FileStamps;
