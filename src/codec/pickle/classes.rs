//! The classes whose instances are shown as what they mean; every other one becomes an inert
//! object. Classes are told by name only.

use std::borrow::Cow;

use super::graph::{Chain, Document, Node, NodeId, Object, Shape};
use super::tree::TreeBuilder;
use super::{integer, times};
use crate::codec::value::{self, Value};

/// Bytes of the longest packed date and time.
const PACKED_BYTES: usize = 10;
/// Entries that the state of a UUID may have; it has one or two.
const UUID_ENTRIES: usize = 8;

/// Dictionary classes that are shown as plain dictionaries. Frappe's `_dict` moved from `frappe` to
/// `frappe.types.frappedict` in v14.
fn is_dict_like(module: &str, name: &str) -> bool {
    match name {
        "OrderedDict" | "defaultdict" | "Counter" => module == "collections",
        "_dict" => module == "frappe" || module.starts_with("frappe."),
        _ => false,
    }
}

impl<'a> Document<'a> {
    /// Module and name of an object's class; Python 2's module names become today's.
    fn class_of(&self, object: &Object) -> Option<(Cow<'a, str>, Cow<'a, str>)> {
        let Node::Global { module, name } = self.node(object.class) else { return None };
        let module = match self.name_text(module)? {
            old if old == "__builtin__" => Cow::Borrowed("builtins"),
            module => module,
        };
        Some((module, self.name_text(name)?))
    }

    /// The entries of a dictionary, also of one of the known dictionary classes.
    pub(crate) fn mapping(&self, id: NodeId) -> Option<Chain> {
        if let Node::Dict(chain) = self.node(id) {
            return Some(chain);
        }
        let object = self.object(id)?;
        let (module, name) = self.class_of(object)?;
        is_dict_like(&module, &name).then(|| self.dict_like(object))
    }

    /// Filled item by item, or made from another dictionary (`Counter`, and protocols 0 and 1).
    fn dict_like(&self, object: &Object) -> Chain {
        let whole = [Some(object.base), self.arg(object, 0)].into_iter().flatten();
        let whole = whole.filter_map(|id| match self.node(id) {
            Node::Dict(chain) => Some(chain),
            _ => None,
        });
        if object.entries == Chain::EMPTY {
            whole.into_iter().next().unwrap_or(Chain::EMPTY)
        } else {
            object.entries
        }
    }

    fn int(&self, id: NodeId) -> Option<i64> {
        match self.node(id) {
            Node::Int(value) => Some(value),
            _ => None,
        }
    }

    fn int_arg(&self, object: &Object, index: usize) -> Option<i64> {
        self.int(self.arg(object, index)?)
    }

    /// Bytes, in all the forms in which bytes are pickled: as such, as Python 2's `str`, or, in
    /// protocols 0 to 2, as Latin-1 text for `_codecs.encode`; nothing longer than `cap`.
    fn raw_bytes(&self, id: NodeId, cap: usize) -> Option<Cow<'a, [u8]>> {
        match self.node(id) {
            Node::Bytes(span) | Node::Text(span) => {
                Some(self.bytes(span)).filter(|bytes| bytes.len() <= cap).map(Cow::Borrowed)
            }
            Node::Object(_) => {
                let object = self.object(id)?;
                let is_encode = self.is_global(object.class, "_codecs", "encode");
                let text = self.arg(object, 0).filter(|_| is_encode)?;
                self.latin_1(text, cap).map(Cow::Owned)
            }
            _ => None,
        }
    }

    /// Text of characters up to U+00FF as one byte each. In UTF-8 they have up to two.
    fn latin_1(&self, id: NodeId, cap: usize) -> Option<Vec<u8>> {
        let Node::Text(span) = self.node(id) else { return None };
        let text = Some(self.bytes(span)).filter(|text| text.len() / 2 <= cap)?;
        let text = std::str::from_utf8(text).ok()?;
        text.chars().map(|c| u8::try_from(u32::from(c)).ok()).collect()
    }

    /// How a time zone is shown after a time: an offset, a name, or both.
    fn zone(&self, id: NodeId) -> String {
        let Some(object) = self.object(id) else {
            return self.dotted(id).map_or_else(String::new, |name| format!("[{name}]"));
        };
        let name = self.arg(object, 0).and_then(|id| self.name_text(id));
        let class = self.dotted(object.class).unwrap_or_default();
        match (class.as_str(), name) {
            ("datetime.timezone", _) => self
                .arg(object, 0)
                .and_then(|id| self.timedelta_seconds(id))
                .map_or_else(String::new, times::offset),
            ("pytz._UTC" | "dateutil.tz.tz.tzutc", _) => times::offset(0),
            (_, Some(name)) if class.starts_with("pytz.") => {
                let offset = self.int_arg(object, 1).map(times::offset).unwrap_or_default();
                format!("{offset}[{name}]")
            }
            (_, Some(name)) if class.starts_with("zoneinfo.") => format!("[{name}]"),
            _ => format!("[{class}]"),
        }
    }

    fn timedelta_seconds(&self, id: NodeId) -> Option<i64> {
        let object = self.object(id)?;
        if !self.is_global(object.class, "datetime", "timedelta") {
            return None;
        }
        let days = self.int_arg(object, 0)?;
        // An offset is less than a day.
        (-2..=1).contains(&days).then_some(days * 86_400 + self.int_arg(object, 1)?)
    }
}

impl TreeBuilder<'_, '_> {
    /// An instance: what it means if its class is known, else its parts.
    pub(super) fn object(&mut self, id: NodeId) -> Value {
        let Some(object) = self.document.object(id).copied() else { return Value::Truncated };
        self.known(id, &object).unwrap_or_else(|| self.unknown(&object))
    }

    fn known(&mut self, id: NodeId, object: &Object) -> Option<Value> {
        let (module, name) = self.document.class_of(object)?;
        match (&*module, &*name) {
            _ if is_dict_like(&module, &name) => self.dictionary(object),
            ("datetime", _) => self.point_in_time(&name, object),
            ("decimal", "Decimal") => self.text_arg(object).map(Value::Decimal),
            ("uuid", "UUID") => self.uuid(object).map(Value::Uuid),
            ("collections", "deque") => self.elements(Shape::List, object),
            ("builtins", _) => self.builtin(id, &name, object),
            ("_codecs", "encode") => {
                let bytes =
                    self.document.latin_1(self.document.arg(object, 0)?, self.bytes_left())?;
                self.bytes(&bytes)
            }
            _ if module.starts_with("pathlib") => self.path(&name, object),
            _ => None,
        }
    }

    /// An instance of a class that means nothing here.
    fn unknown(&mut self, object: &Object) -> Value {
        let class = self.class_name(object.class);
        let args = self.document.sequence(object.args).map(|args| self.items(args));
        let mut args = args.unwrap_or_default();
        if !object.kwargs.is_nil() && self.document.node(object.kwargs) != Node::Dict(Chain::EMPTY)
        {
            args.push(self.build(object.kwargs));
        }
        let content = self.content(object);
        let state = (!object.state.is_nil()).then(|| self.build(object.state));
        Value::Object(Box::new(value::Object { class, args, state, content }))
    }

    fn class_name(&mut self, id: NodeId) -> String {
        let named = self.name(id).or_else(|| {
            let class = self.document.object(id)?.class;
            self.name(class).map(|name| format!("<result of {name}>"))
        });
        let name = named.unwrap_or_else(|| "<unnamed>".to_owned());
        name.strip_prefix("builtins.").map(str::to_owned).unwrap_or(name)
    }

    /// What a subclass of a container holds.
    fn content(&mut self, object: &Object) -> Option<Value> {
        if object.entries != Chain::EMPTY {
            return Some(Value::Dict(self.entries(object.entries)));
        }
        if object.elements != Chain::EMPTY {
            return Some(self.sequence(Shape::List, object.elements));
        }
        (!object.base.is_nil()).then(|| self.build(object.base))
    }

    fn dictionary(&mut self, object: &Object) -> Option<Value> {
        let chain = self.document.dict_like(object);
        if chain != Chain::EMPTY {
            return Some(Value::Dict(self.entries(chain)));
        }
        // Python 2's OrderedDict is made from a list of pairs.
        let pairs = self.document.arg(object, 0).and_then(|id| self.document.sequence(id));
        let mut entries = Vec::new();
        for pair in pairs.into_iter().flatten() {
            let mut pair = self.document.sequence(pair)?;
            let (key, value) = (pair.next()?, pair.next()?);
            if self.is_spent() {
                break;
            }
            entries.push((self.build(key), self.build(value)));
        }
        Some(Value::Dict(entries))
    }

    fn elements(&mut self, shape: Shape, object: &Object) -> Option<Value> {
        if object.elements != Chain::EMPTY {
            return Some(self.sequence(shape, object.elements));
        }
        let chain = match self.document.arg(object, 0).map(|id| self.document.node(id)) {
            None => Chain::EMPTY,
            Some(Node::Sequence(_, chain)) => chain,
            Some(_) => return None,
        };
        Some(self.sequence(shape, chain))
    }

    fn point_in_time(&mut self, name: &str, object: &Object) -> Option<Value> {
        let document = self.document;
        if name == "timedelta" {
            let part = |index| document.int_arg(object, index);
            return Some(Value::TimeDelta(times::timedelta(part(0)?, part(1)?, part(2)?)?));
        }
        if name == "timezone" {
            let seconds = document.timedelta_seconds(document.arg(object, 0)?)?;
            let text = format!("UTC{}", times::offset(seconds));
            return Some(readable("datetime.timezone", text));
        }
        let packed = document.raw_bytes(document.arg(object, 0)?, PACKED_BYTES)?;
        let zone = document.arg(object, 1).map(|id| document.zone(id)).unwrap_or_default();
        let zone = self.paid(zone)?;
        match name {
            "datetime" => Some(Value::DateTime(times::datetime(&packed)? + &zone)),
            "date" => Some(Value::Date(times::date(&packed)?)),
            "time" => Some(Value::Time(times::time(&packed)? + &zone)),
            _ => None,
        }
    }

    fn builtin(&mut self, id: NodeId, name: &str, object: &Object) -> Option<Value> {
        match name {
            "set" => self.elements(Shape::Set, object),
            "frozenset" => self.elements(Shape::FrozenSet, object),
            "list" => self.elements(Shape::List, object),
            "tuple" => self.elements(Shape::Tuple, object),
            "bytes" | "bytearray" => {
                let cap = self.bytes_left();
                let bytes = match self.document.arg(object, 0) {
                    None => Cow::Borrowed(&[][..]),
                    // Protocol 2 writes `bytearray(text, 'latin-1')`.
                    Some(id) if self.document.arg(object, 1).is_some() => {
                        Cow::Owned(self.document.latin_1(id, cap)?)
                    }
                    Some(id) => self.document.raw_bytes(id, cap)?,
                };
                self.bytes(&bytes)
            }
            "complex" => {
                let part = |index| match self.document.node(self.document.arg(object, index)?) {
                    Node::Float(value) => Some(value),
                    _ => None,
                };
                let (real, imaginary) = (part(0)?, part(1)?);
                Some(readable("complex", format!("({real}{imaginary:+}j)")))
            }
            "getattr" => self.name(id).map(Value::Global),
            _ => None,
        }
    }

    #[expect(clippy::unnecessary_wraps, reason = "the form that the matches over classes need")]
    fn bytes(&mut self, bytes: &[u8]) -> Option<Value> {
        let is_paid = self.pay(bytes.len());
        Some(if is_paid { Value::Bytes(bytes.to_vec()) } else { Value::Truncated })
    }

    fn text_arg(&mut self, object: &Object) -> Option<String> {
        let text = self.document.name_text(self.document.arg(object, 0)?)?.into_owned();
        self.paid(text)
    }

    /// The state of a UUID is a dictionary with its 128 bits under `int`.
    fn uuid(&self, object: &Object) -> Option<String> {
        let chain = self.document.mapping(object.state)?;
        let mut state = self.document.entries(chain).take(UUID_ENTRIES);
        let (_, value) = state.find(|(key, _)| self.document.is_text(*key, "int"))?;
        let bits = match self.document.node(value) {
            Node::Int(value) => u128::try_from(value).ok()?,
            Node::Long(span) => integer::unsigned_128(self.document.bytes(span))?,
            Node::Digits(span) => {
                std::str::from_utf8(self.document.bytes(span)).ok()?.parse().ok()?
            }
            _ => return None,
        };
        let hex = format!("{bits:032x}");
        let part = |from: usize, to: usize| hex.get(from..to);
        Some(format!(
            "{}-{}-{}-{}-{}",
            part(0, 8)?,
            part(8, 12)?,
            part(12, 16)?,
            part(16, 20)?,
            part(20, 32)?
        ))
    }

    fn path(&mut self, name: &str, object: &Object) -> Option<Value> {
        let separator = match name {
            "PosixPath" | "PurePosixPath" => "/",
            "WindowsPath" | "PureWindowsPath" => "\\",
            _ => return None,
        };
        let mut text = String::new();
        for part in self.document.sequence(object.args)? {
            let part = self.document.name_text(part)?;
            if !text.is_empty() && !text.ends_with(separator) {
                text.push_str(separator);
            }
            if !self.pay(part.len() + 1) {
                return Some(Value::Truncated);
            }
            text.push_str(&part);
        }
        let text = if text.is_empty() { ".".to_owned() } else { text };
        Some(readable(&format!("pathlib.{name}"), text))
    }
}

fn readable(class: &str, text: String) -> Value {
    Value::Readable { class: class.to_owned(), text }
}
