//! Unrolls the graph into a value tree, within the caps on depth, count and text.
//!
//! Sharing is copied, so a tree can be exponentially larger than its graph: every value and every
//! byte of text is paid for from a budget, and what no longer fits becomes `Truncated`.

use super::graph::{Chain, Document, Foreign, Node, NodeId, Shape, Span};
use super::integer;
use crate::codec::limits::Limits;
use crate::codec::value::{Object, Value};

/// Builds value trees from one document, all from one budget.
pub(crate) struct TreeBuilder<'d, 'a> {
    pub(super) document: &'d Document<'a>,
    depth_left: usize,
    nodes_left: usize,
    bytes_left: usize,
    /// The containers that are being built: meeting one again is a cycle.
    open: Vec<bool>,
}

impl<'d, 'a> TreeBuilder<'d, 'a> {
    pub(crate) fn new(document: &'d Document<'a>, limits: &Limits) -> Self {
        Self {
            document,
            depth_left: limits.depth,
            nodes_left: limits.tree_nodes,
            bytes_left: limits.tree_bytes,
            open: Vec::new(),
        }
    }

    /// The tree of everything that is reachable from `id`.
    pub(crate) fn build(&mut self, id: NodeId) -> Value {
        let Some(left) = self.nodes_left.checked_sub(1) else { return Value::Truncated };
        self.nodes_left = left;
        match self.document.node(id) {
            Node::None => Value::None,
            Node::Bool(value) => Value::Bool(value),
            Node::Int(value) => Value::Int(value),
            Node::Float(value) => Value::Float(value),
            Node::Long(span) => self.charged(span, |bytes| Value::BigInt(integer::text(bytes))),
            Node::Digits(span) => self.charged(span, |bytes| Value::BigInt(lossy(bytes))),
            Node::Text(span) => self.charged(span, |bytes| Value::Str(lossy(bytes))),
            Node::Bytes(span) => self.charged(span, |bytes| Value::Bytes(bytes.to_vec())),
            Node::Global { .. } => self.name(id).map_or(Value::Truncated, Value::Global),
            Node::Foreign(kind, key) => self.foreign(kind, key),
            Node::Sequence(shape, chain) => self.nested(id, |tree| tree.sequence(shape, chain)),
            Node::Dict(chain) => self.nested(id, |tree| Value::Dict(tree.entries(chain))),
            Node::Object(_) => self.nested(id, |tree| tree.object(id)),
        }
    }

    /// Runs `build` one level deeper, unless `id` is open already or the depth is used up.
    fn nested(&mut self, id: NodeId, build: impl FnOnce(&mut Self) -> Value) -> Value {
        if self.open.is_empty() {
            self.open.resize(self.document.graph.node_count(), false);
        }
        match self.open.get_mut(id.index()) {
            Some(true) => return Value::Cycle,
            Some(open) if self.depth_left > 0 => *open = true,
            _ => return Value::Truncated,
        }
        self.depth_left -= 1;
        let value = build(self);
        self.depth_left += 1;
        if let Some(open) = self.open.get_mut(id.index()) {
            *open = false;
        }
        value
    }

    /// Pays for `span`'s bytes and reads them; text that does not fit is left out whole.
    pub(super) fn charged(&mut self, span: Span, read: impl FnOnce(&[u8]) -> Value) -> Value {
        let bytes = self.document.bytes(span);
        if self.pay(bytes.len()) { read(bytes) } else { Value::Truncated }
    }

    /// Pays for `bytes` bytes of text, if the budget allows.
    pub(super) fn pay(&mut self, bytes: usize) -> bool {
        let left = self.bytes_left.checked_sub(bytes);
        self.bytes_left = left.unwrap_or(self.bytes_left);
        left.is_some()
    }

    /// Pays for text that was made here; gives it back if it fits.
    pub(super) fn paid(&mut self, text: String) -> Option<String> {
        self.pay(text.len()).then_some(text)
    }

    /// How much text still fits.
    pub(super) fn bytes_left(&self) -> usize {
        self.bytes_left
    }

    /// Whether no further value fits.
    pub(super) fn is_spent(&self) -> bool {
        self.nodes_left == 0
    }

    /// The dotted name of a class or function.
    pub(super) fn name(&mut self, id: NodeId) -> Option<String> {
        let name = self.document.dotted(id)?;
        self.paid(name)
    }

    pub(super) fn sequence(&mut self, shape: Shape, chain: Chain) -> Value {
        let items = self.items(self.document.items(chain));
        match shape {
            Shape::List => Value::List(items),
            Shape::Tuple => Value::Tuple(items),
            Shape::Set => Value::Set(items),
            Shape::FrozenSet => Value::FrozenSet(items),
        }
    }

    /// Builds each item; once the budget is used up, one `Truncated` stands for the rest.
    pub(super) fn items(&mut self, ids: impl Iterator<Item = NodeId>) -> Vec<Value> {
        let mut items = Vec::new();
        for id in ids {
            let is_out = self.is_spent();
            items.push(self.build(id));
            if is_out {
                break;
            }
        }
        items
    }

    pub(super) fn entries(&mut self, chain: Chain) -> Vec<(Value, Value)> {
        let mut entries = Vec::new();
        for (key, value) in self.document.entries(chain) {
            let is_out = self.is_spent();
            let key = self.build(key);
            entries.push((key, self.build(value)));
            if is_out {
                break;
            }
        }
        entries
    }

    fn foreign(&mut self, kind: Foreign, key: NodeId) -> Value {
        let class = match kind {
            Foreign::PersistentId => "<persistent id>",
            Foreign::Extension => "<extension code>",
            Foreign::Buffer => "<out-of-band buffer>",
        };
        // A persistent id may itself be a container that holds this value.
        let args = match self.document.node(key) {
            _ if key.is_nil() => Vec::new(),
            Node::Text(_) | Node::Int(_) => vec![self.build(key)],
            _ => vec![Value::Truncated],
        };
        Value::Object(Box::new(Object {
            class: class.to_owned(),
            args,
            state: None,
            content: None,
        }))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
