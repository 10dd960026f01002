//! The domain in plain types: no I/O, no stored shapes, no presentation.

pub mod event;
pub mod fault;
pub mod generation;
pub mod health;
pub mod histogram;
pub mod history;
pub mod id;
pub mod id_set;
pub mod job;
pub mod part;
pub mod plan;
pub mod queue;
pub mod selection;
pub mod worker;
