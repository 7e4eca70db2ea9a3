//! The only room that knows GeeLark's API.

mod call;

pub use call::{Call, Consequence, Endpoint, Failure, Held, Reason};
