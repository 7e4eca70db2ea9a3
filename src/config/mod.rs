//! Files and environment to a valid [`Config`]: the only room that reads them.

mod model;
mod secret;

pub use model::{Account, Budget, Config, Credentials, Poll};
pub use secret::Secret;
