//! The outside world, one folder per engine.
//!
//! Owns how jobctl talks to what it does not own: Redis, the databases of the sites, and the web and
//! mail servers that want to be told something; and how it keeps a history. Must not know of
//! commands, reports or the terminal.

pub mod history;
pub mod http;
pub mod network;
pub mod redis;
pub mod site_db;
pub mod smtp;
