//! The endpoints of GeeLark that the simulator implements.

use clap::ValueEnum;
use serde::Serialize;

/// An endpoint. The call log and the `endpoint=` key of a fault use these names in lower case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ApiEndpoint {
    Status,
    List,
    Wallet,
    Plan,
    /// A path that the simulator does not implement.
    #[value(skip)]
    Unknown,
}
