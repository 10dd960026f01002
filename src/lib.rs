//! jobctl: the background jobs of a Frappe bench, or of any RQ deployment, from one binary.
//!
//! The way through the code, always in this direction:
//!
//! ```text
//! argv ─► cli + commands ─► ops ─► backend ─► Redis │ files │ processes
//!             │              │
//!             │              ▼
//!             └────────► report ─► ui.finish ─► render: table │ plain │ json │ jsonl │ csv
//!                           └────► outcome ─► exit code
//! ```

pub mod backend;
pub mod bench;
pub mod codec;
pub mod commands;
pub mod context;
pub mod demo;
pub mod env;
pub mod error;
pub mod global;
pub mod human;
pub mod journal;
pub mod logs;
pub mod model;
pub mod nearby;
pub mod ops;
pub mod render;
pub mod report;
pub mod sanitize;
pub mod schedule;
pub mod secrets;
pub mod settings;
pub mod stats;
pub mod sys;
pub mod target;
pub mod ui;
pub mod web;
