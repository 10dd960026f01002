//! What jobctl asks the operating system: the time, bounded file reads, processes.
//!
//! A leaf that every module may use. It knows nothing of benches, queues or Redis, and of RQ only
//! what its processes show of themselves.

pub mod beside;
pub mod child;
pub mod clock;
pub mod fault;
pub mod file;
pub mod heap;
pub mod notify;
pub mod pidfd;
pub mod proc;
pub mod reckoning;
pub mod replace;
pub mod signals;
