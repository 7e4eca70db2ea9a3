//! Which phones are to be watched.
mod claims;
pub use claims::{Claim, Claims, Settled};
