//! When Frappe's scheduler enqueues what, and why it does not.
//!
//! Pure: facts in, verdicts out. Reads no file, no database and no clock, and prints nothing.

pub mod cron;
