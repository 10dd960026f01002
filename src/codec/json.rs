//! Reads what RQ's JSON serializer wrote into the same values that pickles give.

use serde::de::{DeserializeSeed, Error, MapAccess, SeqAccess, Visitor};

use super::limits::Limits;
use super::value::Value;

/// Reads one JSON document; `serde_json` refuses more than 128 levels by itself.
///
/// Integers beyond 64 bits become floats. What Python writes beyond JSON (`NaN`, lone surrogates)
/// is refused.
pub(super) fn decode(bytes: &[u8], limits: &Limits) -> Result<Value, serde_json::Error> {
    let mut reader = serde_json::Deserializer::from_slice(bytes);
    let mut budget = Budget { nodes: limits.tree_nodes, depth: limits.depth };
    let value = Seed(&mut budget).deserialize(&mut reader)?;
    reader.end()?;
    Ok(value)
}

struct Budget {
    nodes: usize,
    depth: usize,
}

struct Seed<'b>(&'b mut Budget);

impl<'de> DeserializeSeed<'de> for Seed<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, reader: D) -> Result<Value, D::Error> {
        let Some(left) = self.0.nodes.checked_sub(1) else {
            return Err(D::Error::custom("it holds too many values"));
        };
        self.0.nodes = left;
        reader.deserialize_any(self)
    }
}

impl Seed<'_> {
    fn nested<T, E: Error>(
        &mut self,
        read: impl FnOnce(&mut Budget) -> Result<T, E>,
    ) -> Result<T, E> {
        let deeper = self.0.depth.checked_sub(1);
        self.0.depth = deeper.ok_or_else(|| E::custom("it is nested too deeply"))?;
        let value = read(self.0)?;
        self.0.depth += 1;
        Ok(value)
    }
}

impl<'de> Visitor<'de> for Seed<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E: Error>(self) -> Result<Value, E> {
        Ok(Value::None)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Value, E> {
        Ok(Value::Bool(truth))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Value, E> {
        Ok(Value::Int(number))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Value, E> {
        Ok(i64::try_from(number).map_or_else(|_| Value::BigInt(number.to_string()), Value::Int))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Value, E> {
        Ok(Value::Float(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Value, E> {
        Ok(Value::Str(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(mut self, mut items: A) -> Result<Value, A::Error> {
        self.nested(|budget| {
            let mut list = Vec::new();
            while let Some(item) = items.next_element_seed(Seed(budget))? {
                list.push(item);
            }
            Ok(Value::List(list))
        })
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut entries: A) -> Result<Value, A::Error> {
        self.nested(|budget| {
            let mut dict = Vec::new();
            while let Some(key) = entries.next_key::<String>()? {
                dict.push((Value::Str(key), entries.next_value_seed(Seed(budget))?));
            }
            Ok(Value::Dict(dict))
        })
    }
}
