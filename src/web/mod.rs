//! A small web server: reads requests, bounds them in size, number and time, writes answers.
//!
//! Knows nothing of jobs: what is answered is a function. One request per connection, no body, GET
//! and HEAD alone; whatever is not certainly well-formed is refused. Source: RFC 9110, RFC 9112.

pub mod request;
pub mod response;
mod server;

pub use request::Request;
pub use response::Response;
pub use server::{Duty, Server, Stop};
