//! Values as JSON, masked. The shape is part of the output contract.

use serde_json::{Map, Number, Value as Json};

use super::repr::float;
use super::{Object, Value};
use crate::secrets::{MASK, Secrets};

/// Bytes of binary data that are shown in hexadecimal.
const HEX_BYTES: usize = 4096;

impl Value {
    /// The value as JSON, with secrets masked as [`Value::repr`] masks them.
    ///
    /// Keys that are no text become text; of equal keys the last counts. Sequences and sets are
    /// arrays. Integers beyond 64 bits, infinities, dates and the like are text. Bytes are text if
    /// they are UTF-8, else `hex:…`. An object is `{"__class__": …, "args": […], "state": …,
    /// "content": …}` with the parts that it has, a class or function `{"__global__": name}`.
    pub fn to_json(&self, secrets: Secrets) -> Json {
        let text = |text: &str| Json::String(secrets.text(text).into_owned());
        match self {
            Self::None => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(number) => Json::Number((*number).into()),
            Self::Float(number) => {
                Number::from_f64(*number).map_or_else(|| Json::String(float(*number)), Json::Number)
            }
            Self::Bytes(bytes) => std::str::from_utf8(bytes).map_or_else(|_| hex(bytes), text),
            Self::List(items) | Self::Tuple(items) | Self::Set(items) | Self::FrozenSet(items) => {
                items.iter().map(|item| item.to_json(secrets)).collect()
            }
            Self::Dict(entries) => entries_json(entries, secrets),
            Self::Object(object) => object_json(object, secrets),
            Self::Global(name) => Json::Object(Map::from_iter([("__global__".into(), text(name))])),
            Self::Cycle => Json::String("<cycle>".into()),
            Self::Truncated => Json::String("<too large>".into()),
            Self::Str(plain)
            | Self::BigInt(plain)
            | Self::DateTime(plain)
            | Self::Date(plain)
            | Self::Time(plain)
            | Self::TimeDelta(plain)
            | Self::Decimal(plain)
            | Self::Uuid(plain)
            | Self::Readable { text: plain, .. } => text(plain),
        }
    }
}

fn entries_json(entries: &[(Value, Value)], secrets: Secrets) -> Json {
    let mut map = Map::new();
    for (key, value) in entries {
        let shown = if value.is_hidden_under(key, secrets) {
            Json::String(MASK.into())
        } else {
            value.to_json(secrets)
        };
        let key = match key {
            Value::Str(key) => secrets.text(key).into_owned(),
            Value::Bytes(_) => match key.to_json(secrets) {
                Json::String(key) => key,
                other => other.to_string(),
            },
            key => key.repr(secrets, HEX_BYTES),
        };
        map.insert(key, shown);
    }
    Json::Object(map)
}

fn object_json(object: &Object, secrets: Secrets) -> Json {
    let mut map = Map::new();
    map.insert("__class__".into(), Json::String(object.class.clone()));
    if !object.args.is_empty() {
        map.insert("args".into(), object.args.iter().map(|arg| arg.to_json(secrets)).collect());
    }
    for (name, part) in [("state", &object.state), ("content", &object.content)] {
        if let Some(part) = part {
            map.insert(name.into(), part.to_json(secrets));
        }
    }
    Json::Object(map)
}

fn hex(bytes: &[u8]) -> Json {
    use std::fmt::Write as _;
    let mut text = String::from("hex:");
    for byte in bytes.iter().take(HEX_BYTES) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    if bytes.len() > HEX_BYTES {
        let _ = write!(text, "… ({} bytes)", bytes.len());
    }
    Json::String(text)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn text(text: &str) -> Value {
        Value::Str(text.to_owned())
    }

    #[test]
    fn to_json_keeps_what_json_can_say() {
        let object = Object {
            class: "app.Doc".into(),
            args: vec![Value::Int(1)],
            state: Some(Value::Dict(vec![(text("secret"), text("x"))])),
            content: None,
        };
        let value = Value::Dict(vec![
            (Value::Int(1), Value::Tuple(vec![Value::Float(f64::NAN), Value::Float(0.5)])),
            (Value::None, Value::Bytes(vec![0xff, 0])),
            (text("big"), Value::BigInt("99999999999999999999".into())),
            (text("o"), Value::Object(Box::new(object))),
            (text("f"), Value::Global("app.run".into())),
        ]);
        assert_eq!(
            value.to_json(Secrets::default()),
            json!({
                "1": ["nan", 0.5],
                "None": "hex:ff00",
                "big": "99999999999999999999",
                "o": {"__class__": "app.Doc", "args": [1], "state": {"secret": "***"}},
                "f": {"__global__": "app.run"},
            })
        );
    }
}
