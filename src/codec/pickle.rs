//! Reads pickles of protocols 0 to 5, those of Python 2 too, without running anything in them.
//!
//! A [`Machine`] turns the opcodes into a flat graph, in which sharing and self-reference cost
//! nothing; [`tree`] unrolls the graph into a [`Value`] under the caps of [`Limits`]. A class or a
//! function is only ever a name here. It must not grow a way to resolve one.
//! Source: `CPython`'s `Lib/pickletools.py` for the opcodes, `Lib/pickle.py` for their effect.

mod classes;
mod error;
mod graph;
mod integer;
mod literal;
mod machine;
mod opcode;
mod times;
mod tree;

#[cfg(test)]
mod tests;

pub use error::{PickleError, Problem};
pub(crate) use graph::{Document, Node, NodeId};
pub use machine::Machine;
pub(crate) use tree::TreeBuilder;

use super::limits::Limits;
use super::value::Value;

/// Reads one pickle into a value; bytes after its end are ignored, as Python ignores them.
///
/// # Errors
/// [`PickleError`] if the bytes are no pickle, are cut, or pass a cap of [`Limits`] other than the
/// tree caps, which leave `Value::Truncated` in the value instead.
pub fn decode(bytes: &[u8], limits: &Limits) -> Result<Value, PickleError> {
    let mut machine = Machine::default();
    let document = machine.run(bytes, limits)?;
    Ok(TreeBuilder::new(&document, limits).build(document.root()))
}
