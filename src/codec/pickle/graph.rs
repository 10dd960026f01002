//! The graph that a pickle describes: flat vectors, no pointers, and so no recursive drop.
//!
//! A container is a chain of links, since the memo may hand it out before it is filled; a shared or
//! self-referential value is simply linked twice. Text and bytes stay where they are in the input.
//! Nothing here knows an opcode.

use std::borrow::Cow;

/// A value in the graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NodeId(u32);

impl NodeId {
    /// Stands for "there is none".
    pub(super) const NIL: Self = Self(u32::MAX);

    pub(super) const fn index(self) -> usize {
        self.0 as usize
    }

    pub(super) fn is_nil(self) -> bool {
        self == Self::NIL
    }
}

/// Bytes in the input, or in the graph's own store of unescaped literals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(super) start: u32,
    pub(super) len: u32,
    pub(super) is_unescaped: bool,
}

/// The links of one container, in order; a dictionary's alternate between key and value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Chain {
    head: u32,
    tail: u32,
}

impl Chain {
    pub(super) const EMPTY: Self = Self { head: NO_LINK, tail: NO_LINK };
}

const NO_LINK: u32 = u32::MAX;

/// What sort of sequence a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    List,
    Tuple,
    Set,
    FrozenSet,
}

/// One value.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Node {
    None,
    Bool(bool),
    Int(i64),
    /// An integer as little-endian two's complement bytes.
    Long(Span),
    /// An integer as decimal text.
    Digits(Span),
    Float(f64),
    Text(Span),
    Bytes(Span),
    Sequence(Shape, Chain),
    Dict(Chain),
    /// A class or function by name; both are normally `Text` nodes.
    Global {
        module: NodeId,
        name: NodeId,
    },
    /// An index into the graph's objects.
    Object(u32),
    /// An object that a registry or another file would supply; the node is its id there.
    Foreign(Foreign, NodeId),
}

/// Where a value lives that is not in the pickle.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Foreign {
    PersistentId,
    Extension,
    Buffer,
}

/// What an instance is made of: how it would be called, and what it would be filled with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Object {
    /// Class or function, mostly a `Global`.
    pub(super) class: NodeId,
    /// Tuple of positional arguments, or nil.
    pub(super) args: NodeId,
    /// Dictionary of named arguments, or nil.
    pub(super) kwargs: NodeId,
    /// What it is a copy of (`copyreg._reconstructor`, protocols 0 and 1), or nil.
    pub(super) base: NodeId,
    /// What `BUILD` sets, or nil.
    pub(super) state: NodeId,
    pub(super) elements: Chain,
    pub(super) entries: Chain,
}

impl Object {
    pub(super) const fn new(class: NodeId, args: NodeId) -> Self {
        Self {
            class,
            args,
            kwargs: NodeId::NIL,
            base: NodeId::NIL,
            state: NodeId::NIL,
            elements: Chain::EMPTY,
            entries: Chain::EMPTY,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Link {
    item: NodeId,
    next: u32,
}

/// All values of one pickle.
#[derive(Debug, Default)]
pub(super) struct Graph {
    nodes: Vec<Node>,
    links: Vec<Link>,
    pub(super) objects: Vec<Object>,
    pub(super) unescaped: Vec<u8>,
}

/// Entries that the vectors keep between pickles.
pub(super) const KEPT: usize = 64 << 10;

impl Graph {
    pub(super) fn clear(&mut self) {
        self.nodes.clear();
        self.nodes.shrink_to(KEPT);
        self.links.clear();
        self.links.shrink_to(KEPT);
        self.objects.clear();
        self.objects.shrink_to(KEPT);
        self.unescaped.clear();
        self.unescaped.shrink_to(KEPT);
    }

    /// Values and links so far, for the cap. Links count half: a dictionary has two per entry.
    pub(super) fn weight(&self) -> usize {
        self.nodes.len().max(self.links.len() / 2)
    }

    pub(super) fn node_count(&self) -> usize {
        self.nodes.len()
    }

    /// The count of nodes is capped far below `u32::MAX`, which stands for "none".
    #[expect(clippy::cast_possible_truncation, reason = "the machine caps the count of nodes")]
    pub(super) fn add(&mut self, node: Node) -> NodeId {
        let id = NodeId(self.nodes.len() as u32);
        self.nodes.push(node);
        id
    }

    #[expect(clippy::cast_possible_truncation, reason = "one object is one node")]
    pub(super) fn add_object(&mut self, object: Object) -> NodeId {
        let index = self.objects.len() as u32;
        self.objects.push(object);
        self.add(Node::Object(index))
    }

    /// A node that is not there reads as `None`; ids come only from this graph.
    pub(super) fn node(&self, id: NodeId) -> Node {
        self.nodes.get(id.index()).copied().unwrap_or(Node::None)
    }

    pub(super) fn node_mut(&mut self, id: NodeId) -> Option<&mut Node> {
        self.nodes.get_mut(id.index())
    }

    pub(super) fn object(&self, index: u32) -> Option<&Object> {
        self.objects.get(index as usize)
    }

    pub(super) fn object_mut(&mut self, index: u32) -> Option<&mut Object> {
        self.objects.get_mut(index as usize)
    }

    /// Appends `items` to `chain` and gives the longer chain back.
    #[expect(clippy::cast_possible_truncation, reason = "the machine caps the count of links")]
    pub(super) fn extend(&mut self, mut chain: Chain, items: &[NodeId]) -> Chain {
        for item in items {
            let at = self.links.len() as u32;
            self.links.push(Link { item: *item, next: NO_LINK });
            match self.links.get_mut(chain.tail as usize) {
                Some(last) => last.next = at,
                None => chain.head = at,
            }
            chain.tail = at;
        }
        chain
    }

    /// The items of a chain; each link is in one chain only and points forward, so this ends.
    pub(super) fn items(&self, chain: Chain) -> impl Iterator<Item = NodeId> + '_ {
        let mut at = chain.head;
        std::iter::from_fn(move || {
            let link = self.links.get(at as usize)?;
            at = link.next;
            Some(link.item)
        })
    }
}

/// A pickle that was read: its graph, the bytes that it points into, and where it begins.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Document<'a> {
    pub(super) graph: &'a Graph,
    pub(super) input: &'a [u8],
    pub(super) root: NodeId,
}

/// Bytes that a name may have. Names are read anew for each instance, before anything is paid for
/// them, so a long one that is shared by many must not be read at all.
const NAME_BYTES: u32 = 1024;
/// How deep names may be made of other names (`getattr(getattr(module.Class, …), …)`).
const NAME_DEPTH: usize = 4;

impl<'a> Document<'a> {
    pub(crate) fn root(&self) -> NodeId {
        self.root
    }

    pub(crate) fn node(&self, id: NodeId) -> Node {
        self.graph.node(id)
    }

    pub(crate) fn bytes(&self, span: Span) -> &'a [u8] {
        let source = if span.is_unescaped { &self.graph.unescaped } else { self.input };
        let start = span.start as usize;
        source.get(start..start + span.len as usize).unwrap_or_default()
    }

    /// The text of a text node; what is no UTF-8 in it (a lone surrogate) becomes U+FFFD.
    pub(crate) fn text(&self, id: NodeId) -> Option<Cow<'a, str>> {
        match self.node(id) {
            Node::Text(span) => {
                let bytes = self.bytes(span);
                // Checking first is several times as fast, and nearly all text passes.
                let text = std::str::from_utf8(bytes).map(Cow::Borrowed);
                Some(text.unwrap_or_else(|_| String::from_utf8_lossy(bytes)))
            }
            _ => None,
        }
    }

    /// The text of a text node that is no longer than a name may be.
    pub(super) fn name_text(&self, id: NodeId) -> Option<Cow<'a, str>> {
        match self.node(id) {
            Node::Text(span) if span.len <= NAME_BYTES => self.text(id),
            _ => None,
        }
    }

    /// Whether `id` is exactly this text.
    pub(crate) fn is_text(&self, id: NodeId, text: &str) -> bool {
        matches!(self.node(id), Node::Text(span) if self.bytes(span) == text.as_bytes())
    }

    pub(crate) fn items(&self, chain: Chain) -> impl Iterator<Item = NodeId> + use<'a> {
        self.graph.items(chain)
    }

    /// The pairs of a dictionary's chain.
    pub(crate) fn entries(&self, chain: Chain) -> impl Iterator<Item = (NodeId, NodeId)> + use<'a> {
        let mut items = self.graph.items(chain);
        std::iter::from_fn(move || Some((items.next()?, items.next()?)))
    }

    pub(super) fn object(&self, id: NodeId) -> Option<&'a Object> {
        match self.node(id) {
            Node::Object(index) => self.graph.object(index),
            _ => None,
        }
    }

    /// The items of a tuple or list.
    pub(crate) fn sequence(&self, id: NodeId) -> Option<impl Iterator<Item = NodeId> + use<'a>> {
        match self.node(id) {
            Node::Sequence(Shape::Tuple | Shape::List, chain) => Some(self.items(chain)),
            _ => None,
        }
    }

    /// The `index`th positional argument of an object.
    pub(super) fn arg(&self, object: &Object, index: usize) -> Option<NodeId> {
        self.sequence(object.args)?.nth(index)
    }

    /// Whether `id` is the class or function of this name; Python 2's module names count too.
    pub(super) fn is_global(&self, id: NodeId, module: &str, name: &str) -> bool {
        let Node::Global { module: module_id, name: name_id } = self.node(id) else {
            return false;
        };
        let old = match module {
            "builtins" => "__builtin__",
            "copyreg" => "copy_reg",
            other => other,
        };
        self.is_text(name_id, name)
            && (self.is_text(module_id, module) || self.is_text(module_id, old))
    }

    /// The dotted name of a class, a function, or a method reached by `getattr`.
    pub(crate) fn dotted(&self, id: NodeId) -> Option<String> {
        self.dotted_within(id, NAME_DEPTH)
    }

    fn dotted_within(&self, id: NodeId, depth: usize) -> Option<String> {
        if let Node::Global { module, name } = self.node(id) {
            return Some(format!("{}.{}", self.name_text(module)?, self.name_text(name)?));
        }
        let object = self.object(id)?;
        if depth == 0 || !self.is_global(object.class, "builtins", "getattr") {
            return None;
        }
        let owner = self.arg(object, 0)?;
        let name = self.name_text(self.arg(object, 1)?)?;
        let owner = match self.dotted_within(owner, depth - 1) {
            Some(owner) => owner,
            None => self.dotted_within(self.object(owner)?.class, depth - 1)?,
        };
        Some(format!("{owner}.{name}"))
    }
}

#[cfg(test)]
mod size {
    #[test]
    fn node_stays_small() {
        assert!(size_of::<super::Node>() <= 16, "{}", size_of::<super::Node>());
    }
}
