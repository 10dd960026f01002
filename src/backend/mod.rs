//! The outside world, one folder per engine.
//!
//! Owns how jobctl talks to what it does not own: Redis and, beside it, whatever else is added
//! here. Must not know of commands, reports or the terminal.

pub mod redis;
