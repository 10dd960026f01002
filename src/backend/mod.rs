//! The outside world, one folder per engine.
//!
//! Owns how jobctl talks to what it does not own: Redis and the databases of the sites. Must not
//! know of commands, reports or the terminal.

pub mod redis;
pub mod site_db;
