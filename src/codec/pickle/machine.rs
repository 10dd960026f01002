//! The stack machine that a pickle is a program for, with every effect but building data left out.

use super::error::{PickleError, Problem};
use super::graph::{Chain, Document, Foreign, Graph, KEPT, Node, NodeId, Object, Shape, Span};
use super::{integer, literal, opcode as op};
use crate::codec::limits::Limits;

/// Newest protocol that is read.
const NEWEST: u8 = 5;

/// Reads pickles one after the other, reusing its memory.
///
/// Time and memory are linear in the pickle's length, whatever it holds.
#[derive(Debug, Default)]
pub struct Machine {
    graph: Graph,
    stack: Vec<NodeId>,
    marks: Vec<usize>,
    memo: Vec<NodeId>,
}

impl Machine {
    /// Reads the pickle at the beginning of `input`, up to its `STOP`.
    pub(crate) fn run<'a>(
        &'a mut self,
        input: &'a [u8],
        limits: &Limits,
    ) -> Result<Document<'a>, PickleError> {
        self.clear();
        let mut run = Run { machine: self, input, at: 0, node_cap: limits.nodes };
        if u32::try_from(input.len()).is_err() {
            return Err(PickleError { offset: 0, problem: Problem::TooLong });
        }
        let root = run.run_to_stop()?;
        Ok(Document { graph: &self.graph, input, root })
    }

    fn clear(&mut self) {
        self.graph.clear();
        self.stack.clear();
        self.stack.shrink_to(KEPT);
        self.marks.clear();
        self.marks.shrink_to(KEPT);
        self.memo.clear();
        self.memo.shrink_to(KEPT);
    }
}

type Step<T = ()> = Result<T, Problem>;

/// One pickle being read.
struct Run<'m, 'i> {
    machine: &'m mut Machine,
    input: &'i [u8],
    at: usize,
    node_cap: usize,
}

impl Run<'_, '_> {
    fn run_to_stop(&mut self) -> Result<NodeId, PickleError> {
        loop {
            let offset = self.at;
            let root = self.step().map_err(|problem| PickleError { offset, problem })?;
            if let Some(root) = root {
                return Ok(root);
            }
        }
    }

    /// Executes one opcode; the value that the pickle stands for ends it.
    fn step(&mut self) -> Step<Option<NodeId>> {
        match self.byte()? {
            op::STOP => return self.pop().map(Some),
            op::PROTO => match self.byte()? {
                0..=NEWEST => Ok(()),
                version => Err(Problem::UnknownProtocol(version)),
            },
            op::FRAME => self.take(8).map(drop),
            op::READONLY_BUFFER => Ok(()),

            op::SHORT_BINUNICODE => self.counted::<1>(Node::Text),
            op::MEMOIZE => self.memoize(self.machine.memo.len()),
            op::BINPUT => self.unsigned::<1>().and_then(|index| self.memoize(index)),
            op::LONG_BINPUT => self.unsigned::<4>().and_then(|index| self.memoize(index)),
            op::PUT => self.index_line().and_then(|index| self.memoize(index)),
            op::BINGET => self.unsigned::<1>().and_then(|index| self.recall(index)),
            op::LONG_BINGET => self.unsigned::<4>().and_then(|index| self.recall(index)),
            op::GET => self.index_line().and_then(|index| self.recall(index)),

            op::NONE => self.push(Node::None),
            op::NEWTRUE => self.push(Node::Bool(true)),
            op::NEWFALSE => self.push(Node::Bool(false)),
            op::BININT1 => self.short_int::<1>(),
            op::BININT2 => self.short_int::<2>(),
            op::BININT => {
                let value = i32::from_le_bytes(self.array()?);
                self.push(Node::Int(value.into()))
            }
            op::LONG1 => self.unsigned::<1>().and_then(|len| self.long(len)),
            op::LONG4 => self.unsigned::<4>().and_then(|len| self.long(len)),
            op::BINFLOAT => {
                let value = f64::from_be_bytes(self.array()?);
                self.push(Node::Float(value))
            }
            op::INT => self.int_line(),
            op::LONG => self.long_line(),
            op::FLOAT => self.float_line(),

            op::BINUNICODE => self.counted::<4>(Node::Text),
            op::BINUNICODE8 => self.counted::<8>(Node::Text),
            op::SHORT_BINBYTES => self.counted::<1>(Node::Bytes),
            op::BINBYTES => self.counted::<4>(Node::Bytes),
            op::BINBYTES8 | op::BYTEARRAY8 => self.counted::<8>(Node::Bytes),
            op::SHORT_BINSTRING => self.python_2_string::<1>(),
            op::BINSTRING => self.python_2_string::<4>(),
            op::STRING => self.string_line(),
            op::UNICODE => self.unicode_line(),

            op::MARK => self.mark(),
            op::POP => self.discard(),
            op::POP_MARK => {
                let mark = self.pop_mark()?;
                self.machine.stack.truncate(mark);
                Ok(())
            }
            op::DUP => self.top().and_then(|id| self.push_id(id)),

            op::EMPTY_TUPLE => self.push(Node::Sequence(Shape::Tuple, Chain::EMPTY)),
            op::EMPTY_LIST => self.push(Node::Sequence(Shape::List, Chain::EMPTY)),
            op::EMPTY_SET => self.push(Node::Sequence(Shape::Set, Chain::EMPTY)),
            op::EMPTY_DICT => self.push(Node::Dict(Chain::EMPTY)),
            op::TUPLE => self.pop_mark().and_then(|from| self.sequence(Shape::Tuple, from)),
            op::LIST => self.pop_mark().and_then(|from| self.sequence(Shape::List, from)),
            op::FROZENSET => self.pop_mark().and_then(|from| self.sequence(Shape::FrozenSet, from)),
            op::TUPLE1 => self.below(1).and_then(|from| self.sequence(Shape::Tuple, from)),
            op::TUPLE2 => self.below(2).and_then(|from| self.sequence(Shape::Tuple, from)),
            op::TUPLE3 => self.below(3).and_then(|from| self.sequence(Shape::Tuple, from)),
            op::DICT => self.dict(),
            op::APPEND => self.below(1).and_then(|from| self.append(from)),
            op::APPENDS | op::ADDITEMS => self.pop_mark().and_then(|from| self.append(from)),
            op::SETITEM => self.below(2).and_then(|from| self.set_items(from)),
            op::SETITEMS => self.pop_mark().and_then(|from| self.set_items(from)),

            op::GLOBAL => self.global_lines().and_then(|id| self.push_id(id)),
            op::STACK_GLOBAL => self.stack_global(),
            op::REDUCE => self.reduce(),
            op::NEWOBJ => self.new_object(),
            op::NEWOBJ_EX => self.new_object_ex(),
            op::INST => self.inst(),
            op::OBJ => self.obj(),
            op::BUILD => self.build(),
            op::PERSID => self.persistent_line(),
            op::BINPERSID => {
                let id = self.pop()?;
                self.push(Node::Foreign(Foreign::PersistentId, id))
            }
            op::EXT1 => self.unsigned::<1>().and_then(|code| self.extension(code)),
            op::EXT2 => self.unsigned::<2>().and_then(|code| self.extension(code)),
            op::EXT4 => self.unsigned::<4>().and_then(|code| self.extension(code)),
            op::NEXT_BUFFER => self.push(Node::Foreign(Foreign::Buffer, NodeId::NIL)),
            other => Err(Problem::UnknownOpcode(other)),
        }?;
        Ok(None)
    }
}

/// Operands.
impl<'i> Run<'_, 'i> {
    fn byte(&mut self) -> Step<u8> {
        let byte = *self.input.get(self.at).ok_or(Problem::UnexpectedEnd)?;
        self.at += 1;
        Ok(byte)
    }

    fn take(&mut self, len: usize) -> Step<&'i [u8]> {
        let end = self.at.checked_add(len).ok_or(Problem::UnexpectedEnd)?;
        let bytes = self.input.get(self.at..end).ok_or(Problem::UnexpectedEnd)?;
        self.at = end;
        Ok(bytes)
    }

    fn array<const N: usize>(&mut self) -> Step<[u8; N]> {
        self.take(N)?.try_into().map_err(|_| Problem::UnexpectedEnd)
    }

    /// A little-endian unsigned number of `N` bytes.
    fn unsigned<const N: usize>(&mut self) -> Step<usize> {
        let bytes = self.take(N)?;
        let mut whole = [0; 8];
        for (to, from) in whole.iter_mut().zip(bytes) {
            *to = *from;
        }
        usize::try_from(u64::from_le_bytes(whole)).map_err(|_| Problem::TooLong)
    }

    /// A line without its newline.
    fn line(&mut self) -> Step<&'i [u8]> {
        let rest = self.input.get(self.at..).unwrap_or_default();
        let len = rest.iter().position(|byte| *byte == b'\n').ok_or(Problem::UnexpectedEnd)?;
        let line = self.take(len)?;
        self.at += 1;
        Ok(line.strip_suffix(b"\r").unwrap_or(line))
    }

    fn ascii_line(&mut self) -> Step<&'i str> {
        std::str::from_utf8(self.line()?).map(str::trim).map_err(|_| Problem::BadOperand)
    }

    fn index_line(&mut self) -> Step<usize> {
        self.ascii_line()?.parse().map_err(|_| Problem::BadOperand)
    }

    /// Where `bytes`, which were taken from the input just now, lie in it.
    #[expect(clippy::cast_possible_truncation, reason = "the input is shorter than u32::MAX")]
    fn span(&self, bytes: &[u8]) -> Span {
        let start = bytes.as_ptr() as usize - self.input.as_ptr() as usize;
        Span { start: start as u32, len: bytes.len() as u32, is_unescaped: false }
    }
}

/// The stack and the memo.
impl Run<'_, '_> {
    fn push(&mut self, node: Node) -> Step {
        let id = self.add(node)?;
        self.push_id(id)
    }

    fn push_id(&mut self, id: NodeId) -> Step {
        if self.machine.stack.len() >= self.node_cap {
            return Err(Problem::TooManyValues);
        }
        self.machine.stack.push(id);
        Ok(())
    }

    fn add(&mut self, node: Node) -> Step<NodeId> {
        self.check_weight()?;
        Ok(self.machine.graph.add(node))
    }

    fn add_object(&mut self, object: Object) -> Step<NodeId> {
        self.check_weight()?;
        Ok(self.machine.graph.add_object(object))
    }

    fn check_weight(&self) -> Step {
        if self.machine.graph.weight() >= self.node_cap {
            return Err(Problem::TooManyValues);
        }
        Ok(())
    }

    /// The lowest place on the stack that may be taken without a mark.
    fn floor(&self) -> usize {
        self.machine.marks.last().copied().unwrap_or(0)
    }

    /// Where the topmost `count` values begin.
    fn below(&self, count: usize) -> Step<usize> {
        let from = self.machine.stack.len().checked_sub(count).ok_or(Problem::EmptyStack)?;
        if from < self.floor() { Err(Problem::EmptyStack) } else { Ok(from) }
    }

    fn pop(&mut self) -> Step<NodeId> {
        self.below(1)?;
        self.machine.stack.pop().ok_or(Problem::EmptyStack)
    }

    fn top(&self) -> Step<NodeId> {
        self.below(1)?;
        self.machine.stack.last().copied().ok_or(Problem::EmptyStack)
    }

    fn mark(&mut self) -> Step {
        if self.machine.marks.len() >= self.node_cap {
            return Err(Problem::TooManyValues);
        }
        self.machine.marks.push(self.machine.stack.len());
        Ok(())
    }

    fn pop_mark(&mut self) -> Step<usize> {
        self.machine.marks.pop().ok_or(Problem::NoMark)
    }

    /// `POP` drops a value, or the mark if nothing was pushed since.
    fn discard(&mut self) -> Step {
        if self.pop().is_err() {
            self.pop_mark()?;
        }
        Ok(())
    }

    /// Real picklers number memo entries in order, so an index past the input's length is none.
    fn memoize(&mut self, index: usize) -> Step {
        let id = self.top()?;
        if index > self.input.len() || index > 2 * self.node_cap {
            return Err(Problem::BadMemoIndex);
        }
        let memo = &mut self.machine.memo;
        if index == memo.len() {
            memo.push(id);
            return Ok(());
        }
        if index > memo.len() {
            memo.resize(index + 1, NodeId::NIL);
        }
        if let Some(entry) = memo.get_mut(index) {
            *entry = id;
        }
        Ok(())
    }

    fn recall(&mut self, index: usize) -> Step {
        let id = self.machine.memo.get(index).copied().unwrap_or(NodeId::NIL);
        if id.is_nil() {
            return Err(Problem::BadMemoIndex);
        }
        self.push_id(id)
    }
}

/// Scalars.
impl Run<'_, '_> {
    fn counted<const N: usize>(&mut self, node: fn(Span) -> Node) -> Step {
        let len = self.unsigned::<N>()?;
        let bytes = self.take(len)?;
        self.push(node(self.span(bytes)))
    }

    fn short_int<const N: usize>(&mut self) -> Step {
        let value = self.unsigned::<N>()?;
        self.push(Node::Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    fn long(&mut self, len: usize) -> Step {
        let bytes = self.take(len)?;
        let node = integer::small(bytes).map_or_else(|| Node::Long(self.span(bytes)), Node::Int);
        self.push(node)
    }

    /// `INT` is also how protocols 0 and 1 write booleans.
    fn int_line(&mut self) -> Step {
        let line = self.ascii_line()?;
        match line {
            "00" => self.push(Node::Bool(false)),
            "01" => self.push(Node::Bool(true)),
            _ => self.decimal(line),
        }
    }

    fn long_line(&mut self) -> Step {
        let line = self.ascii_line()?;
        self.decimal(line.strip_suffix('L').unwrap_or(line))
    }

    fn decimal(&mut self, text: &str) -> Step {
        if let Ok(value) = text.parse() {
            return self.push(Node::Int(value));
        }
        let digits = text.strip_prefix('-').unwrap_or(text);
        if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(Problem::BadOperand);
        }
        self.push(Node::Digits(self.span(text.as_bytes())))
    }

    fn float_line(&mut self) -> Step {
        let value = self.ascii_line()?.parse().map_err(|_| Problem::BadOperand)?;
        self.push(Node::Float(value))
    }

    /// Python 2's `str` is text here if it can be, since Frappe and RQ names came that way.
    fn python_2_string<const N: usize>(&mut self) -> Step {
        let len = self.unsigned::<N>()?;
        let bytes = self.take(len)?;
        let span = self.span(bytes);
        self.push(text_or_bytes(bytes, span))
    }

    fn string_line(&mut self) -> Step {
        let line = self.line()?;
        let span = self.unescape(line, literal::unquote)?;
        let bytes = self.machine.graph.unescaped.get(span.start as usize..).unwrap_or_default();
        let node = text_or_bytes(bytes, span);
        self.push(node)
    }

    fn unicode_line(&mut self) -> Step {
        let line = self.line()?;
        let span = self.unescape(line, literal::raw_unicode)?;
        self.push(Node::Text(span))
    }

    /// Runs `read` over `line`, into the graph's own bytes: at most twice the line's length.
    #[expect(clippy::cast_possible_truncation, reason = "at most twice the input's length")]
    fn unescape(&mut self, line: &[u8], read: fn(&[u8], &mut Vec<u8>) -> Option<()>) -> Step<Span> {
        let out = &mut self.machine.graph.unescaped;
        let start = out.len();
        if start + 2 * line.len() > u32::MAX as usize {
            return Err(Problem::TooLong);
        }
        read(line, out).ok_or(Problem::BadOperand)?;
        let len = out.len() - start;
        Ok(Span { start: start as u32, len: len as u32, is_unescaped: true })
    }
}

fn text_or_bytes(bytes: &[u8], span: Span) -> Node {
    if std::str::from_utf8(bytes).is_ok() { Node::Text(span) } else { Node::Bytes(span) }
}

/// Containers.
impl Run<'_, '_> {
    /// Appends what stands on the stack from `from` on to `chain`, and takes it off.
    fn drain(&mut self, chain: Chain, from: usize) -> Step<Chain> {
        self.check_weight()?;
        let Machine { graph, stack, .. } = &mut *self.machine;
        let chain = graph.extend(chain, stack.get(from..).unwrap_or_default());
        stack.truncate(from);
        Ok(chain)
    }

    fn sequence(&mut self, shape: Shape, from: usize) -> Step {
        let chain = self.drain(Chain::EMPTY, from)?;
        self.push(Node::Sequence(shape, chain))
    }

    fn dict(&mut self) -> Step {
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

    fn append(&mut self, from: usize) -> Step {
        let id = self.container(from)?;
        let chain = match self.machine.graph.node(id) {
            Node::Sequence(Shape::List | Shape::Set, chain) => chain,
            Node::Object(index) => {
                self.machine.graph.object(index).map_or(Chain::EMPTY, |object| object.elements)
            }
            Node::Foreign(..) => Chain::EMPTY,
            _ => return Err(Problem::NotAContainer),
        };
        let longer = self.drain(chain, from)?;
        match self.machine.graph.node(id) {
            Node::Object(index) => {
                if let Some(object) = self.machine.graph.object_mut(index) {
                    object.elements = longer;
                }
            }
            Node::Sequence(shape, _) => self.replace(id, Node::Sequence(shape, longer)),
            _ => {}
        }
        Ok(())
    }

    fn set_items(&mut self, from: usize) -> Step {
        self.check_even(from)?;
        let id = self.container(from)?;
        let chain = match self.machine.graph.node(id) {
            Node::Dict(chain) => chain,
            Node::Object(index) => {
                self.machine.graph.object(index).map_or(Chain::EMPTY, |object| object.entries)
            }
            Node::Foreign(..) => Chain::EMPTY,
            _ => return Err(Problem::NotAContainer),
        };
        let longer = self.drain(chain, from)?;
        match self.machine.graph.node(id) {
            Node::Object(index) => {
                if let Some(object) = self.machine.graph.object_mut(index) {
                    object.entries = longer;
                }
            }
            Node::Dict(_) => self.replace(id, Node::Dict(longer)),
            _ => {}
        }
        Ok(())
    }

    fn replace(&mut self, id: NodeId, node: Node) {
        if let Some(place) = self.machine.graph.node_mut(id) {
            *place = node;
        }
    }
}

/// Classes, functions and instances.
impl Run<'_, '_> {
    fn global_lines(&mut self) -> Step<NodeId> {
        let module = self.line()?;
        let name = self.line()?;
        let module = self.add(Node::Text(self.span(module)))?;
        let name = self.add(Node::Text(self.span(name)))?;
        self.add(Node::Global { module, name })
    }

    fn stack_global(&mut self) -> Step {
        let name = self.pop()?;
        let module = self.pop()?;
        let is_text = |id| matches!(self.machine.graph.node(id), Node::Text(_));
        if !is_text(name) || !is_text(module) {
            return Err(Problem::BadOperand);
        }
        self.push(Node::Global { module, name })
    }

    /// `REDUCE` calls a function; `copyreg`'s three constructors stand for an instance of a class.
    fn reduce(&mut self) -> Step {
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

    fn new_object(&mut self) -> Step {
        let args = self.pop()?;
        let class = self.pop()?;
        let id = self.add_object(Object::new(class, args))?;
        self.push_id(id)
    }

    fn new_object_ex(&mut self) -> Step {
        let kwargs = self.pop()?;
        let args = self.pop()?;
        let class = self.pop()?;
        let id = self.add_object(Object { kwargs, ..Object::new(class, args) })?;
        self.push_id(id)
    }

    /// Protocol 0's instance of a Python 2 class: the class in lines, arguments from the mark on.
    fn inst(&mut self) -> Step {
        let class = self.global_lines()?;
        let from = self.pop_mark()?;
        self.instance(class, from)
    }

    /// The same in protocol 1: the class is the first value after the mark.
    fn obj(&mut self) -> Step {
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
    fn build(&mut self) -> Step {
        let state = self.pop()?;
        if let Node::Object(index) = self.machine.graph.node(self.top()?)
            && let Some(object) = self.machine.graph.object_mut(index)
        {
            object.state = state;
        }
        Ok(())
    }

    fn persistent_line(&mut self) -> Step {
        let line = self.line()?;
        let id = self.add(Node::Text(self.span(line)))?;
        self.push(Node::Foreign(Foreign::PersistentId, id))
    }

    fn extension(&mut self, code: usize) -> Step {
        let id = self.add(Node::Int(i64::try_from(code).unwrap_or(i64::MAX)))?;
        self.push(Node::Foreign(Foreign::Extension, id))
    }
}
