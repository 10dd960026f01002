//! Opcodes that make tuples, lists, sets and dictionaries, and that fill them.

use super::super::error::Problem;
use super::super::graph::{Chain, Node, NodeId, Object, Shape};
use super::{Machine, Run, Step};

/// Where an instance keeps what the opcode adds.
type OfObject = fn(&mut Object) -> &mut Chain;
/// The same of a container; `None` if it takes nothing of the sort.
type OfNode = fn(&mut Node) -> Option<&mut Chain>;

impl Run<'_, '_> {
    /// Appends what stands on the stack from `from` on to `chain`, and takes it off.
    pub(super) fn drain(&mut self, chain: Chain, from: usize) -> Step<Chain> {
        self.check_weight()?;
        let Machine { graph, stack, .. } = &mut *self.machine;
        let chain = graph.extend(chain, stack.get(from..).unwrap_or_default());
        stack.truncate(from);
        Ok(chain)
    }

    pub(super) fn sequence(&mut self, shape: Shape, from: usize) -> Step {
        let chain = self.drain(Chain::EMPTY, from)?;
        self.push(Node::Sequence(shape, chain))
    }

    pub(super) fn dict(&mut self) -> Step {
        let from = self.pop_mark()?;
        self.check_even(from)?;
        let chain = self.drain(Chain::EMPTY, from)?;
        self.push(Node::Dict(chain))
    }

    fn check_even(&self, from: usize) -> Step {
        let count = self.machine.stack.len().saturating_sub(from);
        if count.is_multiple_of(2) { Ok(()) } else { Err(Problem::OddEntries) }
    }

    /// The container just below `from`.
    fn container(&self, from: usize) -> Step<NodeId> {
        let at = from.checked_sub(1).filter(|at| *at >= self.floor());
        at.and_then(|at| self.machine.stack.get(at)).copied().ok_or(Problem::EmptyStack)
    }

    /// Appends the values from `from` on to the list, the set or the instance below them.
    pub(super) fn append(&mut self, from: usize) -> Step {
        self.lengthen(
            from,
            |object| &mut object.elements,
            |node| match node {
                Node::Sequence(Shape::List | Shape::Set, chain) => Some(chain),
                _ => None,
            },
        )
    }

    /// Sets the keys and values from `from` on in the dictionary or the instance below them.
    pub(super) fn set_items(&mut self, from: usize) -> Step {
        self.check_even(from)?;
        self.lengthen(
            from,
            |object| &mut object.entries,
            |node| match node {
                Node::Dict(chain) => Some(chain),
                _ => None,
            },
        )
    }

    /// Moves the values from `from` on to the end of the container below them.
    fn lengthen(&mut self, from: usize, of_object: OfObject, of_node: OfNode) -> Step {
        let id = self.container(from)?;
        let chain = self.chain(id, of_object, of_node)?.map_or(Chain::EMPTY, |chain| *chain);
        let longer = self.drain(chain, from)?;
        if let Some(chain) = self.chain(id, of_object, of_node)? {
            *chain = longer;
        }
        Ok(())
    }

    /// What a container holds; `None` for one that is elsewhere, which swallows what it is given.
    fn chain(
        &mut self,
        id: NodeId,
        of_object: OfObject,
        of_node: OfNode,
    ) -> Step<Option<&mut Chain>> {
        let graph = &mut self.machine.graph;
        match graph.node(id) {
            Node::Object(index) => Ok(graph.object_mut(index).map(of_object)),
            Node::Foreign(..) => Ok(None),
            _ => graph.node_mut(id).and_then(of_node).map(Some).ok_or(Problem::NotAContainer),
        }
    }
}
