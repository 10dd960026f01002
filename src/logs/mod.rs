//! Log files: which there are, what their records are, and how to follow them.
pub mod back;
pub mod clock;
pub mod filter;
pub mod follow;
pub mod input;
pub mod record;
pub mod rotation;
pub mod scan;
pub mod stamp;
pub mod trail;
pub mod watch;
