//! What jobctl does: one file per topic; each function reads through a backend and returns a
//! report. Knows no command line and prints nothing.

pub mod change;
pub mod doctor;
pub mod jobs;
pub mod scope;
