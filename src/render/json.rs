//! JSON: the envelope around a report, and strings that a terminal cannot be hurt with.
//!
//! Always one object `{"schema","scope","data","notes"}`: indented on a terminal, on one line in a
//! pipe, a newline at the end. `jsonl` is one item per line, without the envelope.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, PrettyFormatter};
use serde_json::{Serializer, Value};

use crate::report::{Report, Scope};
use crate::sanitize;

#[derive(Serialize)]
struct Envelope<'a, R> {
    schema: &'static str,
    scope: &'a Scope,
    data: &'a R,
    notes: &'a [String],
}

/// Writes `report` in its envelope, and a newline.
pub fn write<R: Report>(
    scope: &Scope,
    report: &R,
    pretty: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    let envelope = Envelope { schema: R::SCHEMA, scope, data: report, notes: report.notes() };
    value(&envelope, pretty.then_some(0), out)?;
    out.write_all(b"\n")
}

/// Writes the items of `report`, one per line; all of it on one line if it has no items.
pub fn write_lines<R: Report>(report: &R, out: &mut dyn Write) -> io::Result<()> {
    let Some(items) = R::ITEMS else { return line(report, out) };
    let data = serde_json::to_value(report).map_err(io::Error::from)?;
    match data.get(items) {
        Some(Value::Array(items)) => items.iter().try_for_each(|item| line(item, out)),
        _ => line(&data, out),
    }
}

/// Writes one value on one line.
pub(crate) fn line<T: Serialize>(item: &T, out: &mut dyn Write) -> io::Result<()> {
    value(item, None, out)?;
    out.write_all(b"\n")
}

/// Writes one value: on one line, or indented as the content of `depth` objects around it.
pub(crate) fn value<T: Serialize + ?Sized>(
    value: &T,
    depth: Option<usize>,
    out: &mut dyn Write,
) -> io::Result<()> {
    match depth {
        None => {
            let mut writer = Serializer::with_formatter(out, Harmless(CompactFormatter));
            value.serialize(&mut writer).map_err(io::Error::from)
        }
        Some(depth) => {
            let mut pretty = PrettyFormatter::new();
            for _ in 0..depth {
                pretty.begin_object(&mut io::sink())?;
            }
            let mut writer = Serializer::with_formatter(out, Harmless(pretty));
            value.serialize(&mut writer).map_err(io::Error::from)
        }
    }
}

/// Escapes what serde leaves raw in strings and a terminal would obey: DEL, C1, text that turns
/// direction or is invisible. The value stays the same.
struct Harmless<F>(F);

impl<F: Formatter> Formatter for Harmless<F> {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, s: &str) -> io::Result<()> {
        if s.bytes().all(|b| b < 0x7f) {
            return out.write_all(s.as_bytes());
        }
        let mut copied = 0;
        for (at, c) in s.char_indices().filter(|(_, c)| sanitize::is_hostile(*c)) {
            out.write_all(&s.as_bytes()[copied..at])?;
            for unit in c.encode_utf16(&mut [0; 2]) {
                write!(out, "\\u{unit:04x}")?;
            }
            copied = at + c.len_utf8();
        }
        out.write_all(&s.as_bytes()[copied..])
    }

    /// Raw JSON can hold such a character only inside a string, where the escape means the same.
    /// White space between its values becomes blanks, so that a line stays a line.
    fn write_raw_fragment<W: ?Sized + Write>(&mut self, out: &mut W, raw: &str) -> io::Result<()> {
        for (at, part) in raw.split(['\n', '\r', '\t']).enumerate() {
            if at > 0 {
                out.write_all(b" ")?;
            }
            self.write_string_fragment(out, part)?;
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_array(out)
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array(out)
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_array_value(out, first)
    }

    fn end_array_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_array_value(out)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object(out)
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object(out)
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.0.begin_object_key(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.begin_object_value(out)
    }

    fn end_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.0.end_object_value(out)
    }
}
