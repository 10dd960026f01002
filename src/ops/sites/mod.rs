//! The sites of a bench with what their databases say of scheduling: read together, each with its
//! own error, and what follows from it.
//!
//! Changes nothing. What a site's facts mean is decided in [`crate::schedule`]; here they are
//! gathered ([`mod@read`]), put into its words ([`standing`]), and joined with what the queue Redis
//! knows ([`pending`]).

pub mod pending;
pub mod read;
pub mod standing;
pub mod status;

pub use read::{ReadSite, SiteConfig, read_each};
pub use standing::{Standing, Surroundings};
