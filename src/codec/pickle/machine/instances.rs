//! Opcodes that name classes and functions and stand for their instances; nothing is called.

use super::super::error::Problem;
use super::super::graph::{Chain, Document, Foreign, Node, NodeId, Object, Shape};
use super::{Run, Step};

impl Run<'_, '_> {
    pub(super) fn global_lines(&mut self) -> Step<NodeId> {
        let module = self.line()?;
        let name = self.line()?;
        let module = self.add(Node::Text(self.span(module)))?;
        let name = self.add(Node::Text(self.span(name)))?;
        self.add(Node::Global { module, name })
    }

    pub(super) fn stack_global(&mut self) -> Step {
        let name = self.pop()?;
        let module = self.pop()?;
        let is_text = |id| matches!(self.machine.graph.node(id), Node::Text(_));
        if !is_text(name) || !is_text(module) {
            return Err(Problem::BadOperand);
        }
        self.push(Node::Global { module, name })
    }

    /// `REDUCE` calls a function; `copyreg`'s three constructors stand for an instance of a class.
    pub(super) fn reduce(&mut self) -> Step {
        let args = self.pop()?;
        let class = self.pop()?;
        let object =
            self.constructed(class, args).unwrap_or_else(|| Ok(Object::new(class, args)))?;
        let id = self.add_object(object)?;
        self.push_id(id)
    }

    /// What a call of `copyreg._reconstructor`, `__newobj__` or `__newobj_ex__` would construct.
    fn constructed(&mut self, function: NodeId, args: NodeId) -> Option<Step<Object>> {
        let Node::Global { .. } = self.machine.graph.node(function) else { return None };
        let document =
            Document { graph: &self.machine.graph, input: self.input, root: NodeId::NIL };
        let is = |name| document.is_global(function, "copyreg", name);
        let mut parts = document.sequence(args)?;
        if is("_reconstructor") {
            let (class, _, base) = (parts.next()?, parts.next()?, parts.next()?);
            let has_base = document.node(base) != Node::None;
            let base = if has_base { base } else { NodeId::NIL };
            return Some(Ok(Object { base, ..Object::new(class, NodeId::NIL) }));
        }
        if is("__newobj_ex__") {
            let (class, args, kwargs) = (parts.next()?, parts.next()?, parts.next()?);
            return Some(Ok(Object { kwargs, ..Object::new(class, args) }));
        }
        if !is("__newobj__") {
            return None;
        }
        let class = parts.next()?;
        let rest: Vec<NodeId> = parts.collect();
        let chain = self.machine.graph.extend(Chain::EMPTY, &rest);
        let args = self.add(Node::Sequence(Shape::Tuple, chain));
        Some(args.map(|args| Object::new(class, args)))
    }

    pub(super) fn new_object(&mut self) -> Step {
        let args = self.pop()?;
        let class = self.pop()?;
        let id = self.add_object(Object::new(class, args))?;
        self.push_id(id)
    }

    pub(super) fn new_object_ex(&mut self) -> Step {
        let kwargs = self.pop()?;
        let args = self.pop()?;
        let class = self.pop()?;
        let id = self.add_object(Object { kwargs, ..Object::new(class, args) })?;
        self.push_id(id)
    }

    /// Protocol 0's instance of a Python 2 class: the class in lines, arguments from the mark on.
    pub(super) fn inst(&mut self) -> Step {
        let class = self.global_lines()?;
        let from = self.pop_mark()?;
        self.instance(class, from)
    }

    /// The same in protocol 1: the class is the first value after the mark.
    pub(super) fn obj(&mut self) -> Step {
        let from = self.pop_mark()?;
        let class = self.machine.stack.get(from).copied().ok_or(Problem::EmptyStack)?;
        self.instance(class, from + 1)?;
        let id = self.pop()?;
        self.pop()?;
        self.push_id(id)
    }

    fn instance(&mut self, class: NodeId, from: usize) -> Step {
        let chain = self.drain(Chain::EMPTY, from)?;
        let args = self.add(Node::Sequence(Shape::Tuple, chain))?;
        let id = self.add_object(Object::new(class, args))?;
        self.push_id(id)
    }

    /// What `BUILD` sets on anything but an instance is not kept.
    pub(super) fn build(&mut self) -> Step {
        let state = self.pop()?;
        if let Node::Object(index) = self.machine.graph.node(self.top()?)
            && let Some(object) = self.machine.graph.object_mut(index)
        {
            object.state = state;
        }
        Ok(())
    }

    pub(super) fn persistent_line(&mut self) -> Step {
        let line = self.line()?;
        let id = self.add(Node::Text(self.span(line)))?;
        self.push(Node::Foreign(Foreign::PersistentId, id))
    }

    pub(super) fn extension(&mut self, code: usize) -> Step {
        let id = self.add(Node::Int(i64::try_from(code).unwrap_or(i64::MAX)))?;
        self.push(Node::Foreign(Foreign::Extension, id))
    }
}
