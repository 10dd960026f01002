//! The stack machine that a pickle is a program for, with every effect but building data left out.

use super::error::{PickleError, Problem};
use super::graph::{Chain, Document, Foreign, Graph, KEPT, Node, NodeId, Object, Shape, Span};
use super::opcode as op;
use crate::codec::limits::Limits;

mod containers;
mod instances;
mod scalars;

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
