//! How Python, and so Frappe, takes the values of a configuration.

use serde_json::Value;

/// Whether a value counts as true in Python. The text `"0"` does: it is not empty.
pub fn truthy(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::Bool(on) => *on,
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
    }
}

/// Whether a value counts as true although whoever wrote it most likely meant false.
pub fn is_deceptive(value: &Value) -> bool {
    let Value::String(text) = value else { return false };
    ["0", "0.0", "false", "no", "off", "none", "null", "n", "f"]
        .contains(&text.trim().to_ascii_lowercase().as_str())
        || (!text.is_empty() && text.trim().is_empty())
}

/// A value as an integer, towards zero; `None` where Python's `int(float(…))` fails.
///
/// Source: `cint` in `frappe/utils/data.py`, which turns a failure into 0.
pub fn integer(value: &Value) -> Option<i64> {
    let float = match value {
        Value::Bool(on) => return Some(i64::from(*on)),
        Value::Number(number) if number.is_i64() => return number.as_i64(),
        Value::Number(number) => number.as_f64()?,
        Value::String(text) => match text.trim().parse::<i64>() {
            Ok(integer) => return Some(integer),
            Err(_) => text.trim().parse().ok()?,
        },
        Value::Null | Value::Array(_) | Value::Object(_) => return None,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "a fraction is cut off on purpose, and the bound keeps the rest in range"
    )]
    (float.abs() < 9.0e18).then_some(float as i64)
}

/// What sort of value it is, for messages that must not show it.
pub(super) fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a text",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn truthy_follows_python() {
        for value in [json!("0"), json!("false"), json!(" "), json!(1), json!(-0.5), json!([0])] {
            assert!(truthy(&value), "{value}");
        }
        let no = [json!(0), json!(0.0), json!(-0.0), json!(""), json!([]), json!({}), json!(null)];
        for value in no {
            assert!(!truthy(&value), "{value}");
        }
    }

    #[test]
    fn is_deceptive_names_only_texts_that_read_as_no() {
        for value in [json!("0"), json!(" False "), json!("off"), json!("  ")] {
            assert!(is_deceptive(&value), "{value}");
        }
        for value in [json!(""), json!("1"), json!(0), json!(false), json!("yes")] {
            assert!(!is_deceptive(&value), "{value}");
        }
    }

    #[test]
    fn integer_converts_as_frappe_does() {
        let cases = [
            (json!("3306"), Some(3306)),
            (json!(" 12.9 "), Some(12)),
            (json!(-1.5), Some(-1)),
            (json!(true), Some(1)),
            (json!("1e3"), Some(1000)),
            (json!("x"), None),
            (json!("inf"), None),
            (json!("nan"), None),
            (json!(u64::MAX), None),
            (json!(null), None),
            (json!([1]), None),
        ];
        for (value, expected) in cases {
            assert_eq!(integer(&value), expected, "{value}");
        }
    }
}
