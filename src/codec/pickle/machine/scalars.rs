//! Opcodes that push one number, text or run of bytes.

use super::super::graph::{Node, Span};
use super::super::{error::Problem, integer, literal};
use super::{Run, Step};

impl Run<'_, '_> {
    pub(super) fn counted<const N: usize>(&mut self, node: fn(Span) -> Node) -> Step {
        let len = self.unsigned::<N>()?;
        let bytes = self.take(len)?;
        self.push(node(self.span(bytes)))
    }

    pub(super) fn short_int<const N: usize>(&mut self) -> Step {
        let value = self.unsigned::<N>()?;
        self.push(Node::Int(i64::try_from(value).unwrap_or(i64::MAX)))
    }

    pub(super) fn long(&mut self, len: usize) -> Step {
        let bytes = self.take(len)?;
        let node = integer::small(bytes).map_or_else(|| Node::Long(self.span(bytes)), Node::Int);
        self.push(node)
    }

    /// `INT` is also how protocols 0 and 1 write booleans.
    pub(super) fn int_line(&mut self) -> Step {
        let line = self.ascii_line()?;
        match line {
            "00" => self.push(Node::Bool(false)),
            "01" => self.push(Node::Bool(true)),
            _ => self.decimal(line),
        }
    }

    pub(super) fn long_line(&mut self) -> Step {
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

    pub(super) fn float_line(&mut self) -> Step {
        let value = self.ascii_line()?.parse().map_err(|_| Problem::BadOperand)?;
        self.push(Node::Float(value))
    }

    /// Python 2's `str` is text here if it can be, since Frappe and RQ names came that way.
    pub(super) fn python_2_string<const N: usize>(&mut self) -> Step {
        let len = self.unsigned::<N>()?;
        let bytes = self.take(len)?;
        let span = self.span(bytes);
        self.push(text_or_bytes(bytes, span))
    }

    pub(super) fn string_line(&mut self) -> Step {
        let line = self.line()?;
        let span = self.unescape(line, literal::unquote)?;
        let bytes = self.machine.graph.unescaped.get(span.start as usize..).unwrap_or_default();
        let node = text_or_bytes(bytes, span);
        self.push(node)
    }

    pub(super) fn unicode_line(&mut self) -> Step {
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
