//! Redis and Valkey: the only folder that opens a connection to one.
//!
//! Owns addresses ([`endpoint`]), connections ([`mod@connect`]), and how answers and refusals are told
//! apart ([`reply`]). From the `redis` crate come the command builder and the value type; the
//! socket, its time limits, TLS and the reading of answers are here, because one place has to
//! bound every wait and to visit a million answers without allocating.

pub mod batch;
pub mod connect;
mod decode;
pub mod depths;
pub mod endpoint;
pub mod enqueue;
mod fault;
pub mod fixed_ids;
pub mod groups;
pub mod images;
pub mod inventory;
pub mod keys;
pub mod list_merge;
pub mod list_removal;
pub mod monitor;
pub mod queues;
pub mod read;
pub mod repair;
pub mod reply;
pub mod requeue;
mod resp;
pub mod restore;
mod same_place;
pub mod scripts;
mod sentinel;
pub mod server;
mod session;
pub mod stop;
pub mod survey;
pub mod suspension;
pub mod sweep;
pub mod tally;
mod tls;
pub(super) mod wire;
pub mod workers;
pub mod write;

pub use connect::{Link, connect};
pub use endpoint::Endpoint;
pub use reply::{Commands, Item, Reply, ReplyError, ReplyErrorKind};
