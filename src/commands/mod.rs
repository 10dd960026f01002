//! One file per command: its arguments, and how they become a report.

pub mod demo;
