//! Readers for what Python programs leave in Redis, and the writer of what they read. Bounded, and
//! nothing is ever executed.
//!
//! Owns the way from stored bytes to shown values: inflating ([`inflate`]), pickles ([`pickle`]),
//! RQ's payloads, results and exception texts ([`payload`]), Frappe's use of them ([`frappe`]) and
//! tracebacks ([`traceback`]); stacks of living processes ([`stack_dump`]); and JSON as Python writes it
//! ([`python_json`]). It must not know Redis: bytes come in, values go out. Every reader
//! takes hostile bytes and ends within [`Limits`], without a panic.

pub mod frappe;
pub mod inflate;
mod json;
pub mod limits;
pub mod new_job;
pub mod payload;
pub mod pickle;
pub mod pickle_write;
pub mod python_json;
pub mod stack_dump;
pub mod traceback;
pub mod value;

use std::io::Write;

use flate2::Compression;
use flate2::write::ZlibEncoder;

pub use frappe::{FrappeJob, Headline};
pub use limits::Limits;
pub use payload::{Call, Decoder, Payload, Serializer, Stored};
pub use python_json::Json;
pub use traceback::Traceback;
pub use value::Value;

/// Reads one JSON document, such as arguments that an operator typed.
pub fn read_json(text: &str) -> Result<Value, serde_json::Error> {
    json::decode(text.as_bytes(), &Limits::default())
}

/// Compresses as RQ does with payloads and with the texts of failures.
pub fn compressed(plain: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    let written = encoder.write_all(plain).and_then(|()| encoder.finish());
    // Writing to memory does not fail.
    written.unwrap_or_default()
}
