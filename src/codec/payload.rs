//! What RQ stores of a job in bytes: the call, metadata, results and exception texts.
//!
//! Owns how these are packed and which serializer wrote them; Frappe's meaning of a call is
//! [`frappe`](super::frappe)'s. Nothing in Redis names the serializer, so the first byte decides.
//! Source: rq/job.py (`Job.to_dict`, `Job.restore`), rq/results.py, rq/serializers.py.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use super::frappe::{Headline, headline};
use super::inflate::{End, Inflated, Inflater};
use super::limits::Limits;
use super::pickle::{Document, Machine, Node, NodeId, TreeBuilder};
use super::value::Value;
use super::{frappe, json};

/// Bytes kept of what could not be read.
const HEAD_BYTES: usize = 4096;

/// How the bytes were written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Serializer {
    /// RQ's default.
    Pickle,
    /// RQ's `JSONSerializer`.
    Json,
}

impl Serializer {
    /// The name as reports show it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Pickle => "pickle",
            Self::Json => "json",
        }
    }
}

/// Bytes that are shown as bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opaque {
    /// Why they could not be read, as the end of a sentence about them.
    pub reason: String,
    /// Their beginning, inflated if that worked: at most 4 KiB.
    pub head: Vec<u8>,
    /// How many there are.
    pub len: usize,
}

impl Opaque {
    fn new(reason: impl Into<String>, bytes: &[u8]) -> Self {
        let head = bytes.get(..HEAD_BYTES).unwrap_or(bytes).to_vec();
        Self { reason: reason.into(), head, len: bytes.len() }
    }
}

/// What a job calls.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// Dotted name of the function; of a bound method only its name.
    pub func: String,
    /// What the method is bound to; `None` for a function.
    pub instance: Value,
    /// Positional arguments.
    pub args: Vec<Value>,
    /// Named arguments: always a `Value::Dict`.
    pub kwargs: Value,
}

impl Call {
    /// Whether the positional argument that `path` begins with reads `wanted`, as `0` or `1.name`.
    pub fn matches_position(&self, path: &str, wanted: &str) -> bool {
        let (position, rest) = path.split_once('.').unwrap_or((path, ""));
        let argument = position.parse::<usize>().ok().and_then(|at| self.args.get(at));
        argument.is_some_and(|argument| argument.matches(rest, wanted))
    }

    /// What a list shows of this job.
    pub fn headline(&self) -> Headline<'_> {
        let owner = (self.instance != Value::None).then(|| self.instance.class().into());
        headline(self.func.as_str().into(), owner, &self.kwargs)
    }
}

/// The `data` field of a job's hash.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A call.
    Call(Call, Serializer),
    /// Bytes that are no call, or none that can be read.
    Opaque(Opaque),
}

/// A stored value: `meta`, `result` or a stream's `return_value`.
#[derive(Debug, Clone, PartialEq)]
pub enum Stored {
    /// A value.
    Value(Value, Serializer),
    /// Bytes that no known serializer wrote.
    Opaque(Opaque),
}

/// Reads what RQ stores, one object after the other, reusing its memory.
///
/// Everything it is given ends in a value or in [`Opaque`]; it has no errors.
#[derive(Debug, Default)]
pub struct Decoder {
    inflater: Inflater,
    machine: Machine,
    limits: Limits,
}

impl Decoder {
    /// Makes a decoder that stays within `limits`.
    pub fn new(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    /// Reads the `data` field of a job's hash.
    pub fn payload(&mut self, data: &[u8]) -> Payload {
        let Self { inflater, machine, limits } = self;
        let plain = match unpacked(inflater, data, limits) {
            Ok(plain) => plain,
            Err(opaque) => return Payload::Opaque(opaque),
        };
        let read = match plain.first() {
            Some(0x80 | b'(') => pickled_call(machine, plain, limits),
            Some(b'[') => json::decode(plain, limits)
                .map_err(|error| error.to_string())
                .and_then(|value| call_of(value).ok_or_else(|| NO_CALL.to_owned()))
                .map(|call| (call, Serializer::Json)),
            Some(_) => Err("neither a pickle nor JSON".to_owned()),
            None => Err("empty".to_owned()),
        };
        match read {
            Ok((call, serializer)) => Payload::Call(call, serializer),
            Err(reason) => Payload::Opaque(Opaque::new(reason, plain)),
        }
    }

    /// Reads no more of the `data` field than a list shows: method, site, event, user.
    ///
    /// `None` where [`Self::payload`] gives `Opaque`. Equal to the headline of the call that
    /// `payload` gives, unless that passed a tree limit. Allocates nothing for a Frappe job whose
    /// method is a name.
    pub fn headline<'a>(&'a mut self, data: &'a [u8]) -> Option<Headline<'a>> {
        let Self { inflater, machine, limits } = self;
        let plain = unpacked(inflater, data, limits).ok()?;
        if plain.first() == Some(&b'[') {
            let call = call_of(json::decode(plain, limits).ok()?)?;
            return Some(call.headline().into_owned());
        }
        if !matches!(plain.first(), Some(0x80 | b'(')) {
            return None;
        }
        let document = machine.run(plain, limits).ok()?;
        let parts = Parts::of(&document)?;
        let owner = if document.node(parts.instance) == Node::None {
            None
        } else {
            let instance = TreeBuilder::new(&document, limits).build(parts.instance);
            Some(instance.class().to_owned().into())
        };
        let kwargs = frappe::At { document, id: parts.kwargs };
        Some(headline(document.text(parts.func)?, owner, kwargs))
    }

    /// Reads `meta` or `result`, or a `return_value` after its base64.
    pub fn value(&mut self, bytes: &[u8]) -> Stored {
        let opaque = |reason: String| Stored::Opaque(Opaque::new(reason, bytes));
        let is_json = matches!(bytes.first(), Some(b'[' | b'{' | b'"' | b'-' | b't' | b'f' | b'n'))
            || bytes.first().is_some_and(u8::is_ascii_digit);
        let mut reason = "neither a pickle nor JSON".to_owned();
        if is_json {
            match json::decode(bytes, &self.limits) {
                Ok(value) => return Stored::Value(value, Serializer::Json),
                Err(error) => reason = error.to_string(),
            }
        }
        // Protocols 0 and 1 begin with any opcode, but all pickles end with one.
        if bytes.first() != Some(&0x80) && bytes.last() != Some(&b'.') {
            return opaque(reason);
        }
        match self.machine.run(bytes, &self.limits) {
            Ok(document) => {
                let value = TreeBuilder::new(&document, &self.limits).build(document.root());
                Stored::Value(value, Serializer::Pickle)
            }
            Err(error) => opaque(error.to_string()),
        }
    }

    /// Reads a stream entry's `return_value`: base64 of the serialized value.
    pub fn return_value(&mut self, field: &[u8]) -> Stored {
        match BASE64.decode(field.trim_ascii()) {
            Ok(bytes) => self.value(&bytes),
            Err(_) => self.value(field),
        }
    }

    /// Reads the hash's `exc_info`: zlib of a text, or the text itself.
    ///
    /// `None` if there is none: an absent, empty or inflated-to-nothing field. Of a very long text
    /// the middle is left out.
    pub fn exc_info(&mut self, field: &[u8]) -> Option<String> {
        let bytes = match self.inflater.inflate(field, &self.limits) {
            Some(inflated) if !inflated.bytes.is_empty() => inflated.bytes,
            Some(Inflated { end: End::Complete, .. }) => return None,
            _ => field,
        };
        let text = bounded_text(bytes, self.limits.text_bytes);
        (!text.trim().is_empty()).then_some(text)
    }

    /// Reads a stream entry's `exc_string`: base64 of what [`Self::exc_info`] reads.
    pub fn exc_string(&mut self, field: &[u8]) -> Option<String> {
        match BASE64.decode(field.trim_ascii()) {
            Ok(bytes) => self.exc_info(&bytes),
            Err(_) => self.exc_info(field),
        }
    }
}

const NO_CALL: &str = "no call as RQ writes it (function, instance, arguments, named arguments)";

/// The bytes behind the compression. What is no zlib stream is taken as it is; a Python 2 pickle
/// may look like one by its first two bytes, `(S`.
fn unpacked<'a>(
    inflater: &'a mut Inflater,
    stored: &'a [u8],
    limits: &Limits,
) -> Result<&'a [u8], Opaque> {
    match inflater.inflate(stored, limits) {
        None => Ok(stored),
        Some(Inflated { bytes, end: End::Complete }) => Ok(bytes),
        Some(Inflated { end: End::Damaged, .. }) if stored.first() == Some(&b'(') => Ok(stored),
        Some(Inflated { end: End::Damaged, .. }) => {
            Err(Opaque::new("a cut or damaged zlib stream", stored))
        }
        Some(Inflated { bytes, end: End::Capped }) => {
            let reason = format!("too large: more than {} bytes when inflated", bytes.len());
            Err(Opaque::new(reason, stored))
        }
    }
}

/// The four parts of a call in a pickle.
struct Parts {
    func: NodeId,
    instance: NodeId,
    args: NodeId,
    kwargs: NodeId,
}

impl Parts {
    fn of(document: &Document<'_>) -> Option<Self> {
        let mut items = document.sequence(document.root())?;
        let mut next = || items.next();
        let parts = Self { func: next()?, instance: next()?, args: next()?, kwargs: next()? };
        let is_call = items.next().is_none()
            && matches!(document.node(parts.func), Node::Text(_))
            && document.sequence(parts.args).is_some()
            && document.mapping(parts.kwargs).is_some();
        is_call.then_some(parts)
    }
}

fn pickled_call(
    machine: &mut Machine,
    plain: &[u8],
    limits: &Limits,
) -> Result<(Call, Serializer), String> {
    let document = machine.run(plain, limits).map_err(|error| error.to_string())?;
    let parts = Parts::of(&document).ok_or(NO_CALL)?;
    let mut tree = TreeBuilder::new(&document, limits);
    let func = tree.build(parts.func);
    let instance = tree.build(parts.instance);
    let args = tree.build(parts.args);
    let kwargs = tree.build(parts.kwargs);
    let (Value::Str(func), Value::List(args) | Value::Tuple(args)) = (func, args) else {
        return Err(NO_CALL.to_owned());
    };
    let kwargs = if kwargs.entries().is_some() { kwargs } else { Value::Dict(Vec::new()) };
    Ok((Call { func, instance, args, kwargs }, Serializer::Pickle))
}

fn call_of(value: Value) -> Option<Call> {
    let Value::List(items) = value else { return None };
    let [func, instance, args, kwargs] = <[Value; 4]>::try_from(items).ok()?;
    match (func, args, kwargs) {
        (Value::Str(func), Value::List(args), kwargs @ Value::Dict(_)) => {
            Some(Call { func, instance, args, kwargs })
        }
        _ => None,
    }
}

/// Text of at most about `cap` bytes: of a longer one a quarter from its beginning and the rest
/// from its end, where an exception's message stands.
fn bounded_text(bytes: &[u8], cap: usize) -> String {
    let left_out = bytes.len().saturating_sub(cap);
    if left_out == 0 {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let head = bytes.get(..cap / 4).unwrap_or_default();
    let tail = bytes.get(cap / 4 + left_out..).unwrap_or_default();
    format!(
        "{}\n… {left_out} bytes left out …\n{}",
        String::from_utf8_lossy(head),
        String::from_utf8_lossy(tail)
    )
}
