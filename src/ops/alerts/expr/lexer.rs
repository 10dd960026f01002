//! Words, signs, numbers and texts of a condition, each with its place.

use super::parse::Wrong;

/// Bytes of a condition: more is no condition that a person can read.
const LONGEST: usize = 4096;

/// One piece.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    /// A name or a keyword.
    Word(String),
    /// Digits, and the letters or signs that stand right behind them or after a space.
    Number(f64),
    /// A text in quotation marks.
    Text(String),
    /// `(`, `>=`, `%` and the like.
    Sign(&'static str),
}

/// A piece and where it begins, in bytes.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: usize,
    pub(super) end: usize,
}

/// Longer signs stand first.
const SIGNS: &[&str] =
    &[">=", "<=", "==", "!=", ">", "<", "=", "(", ")", "{", "}", "[", "]", ",", "%", "/"];

/// Divides a condition. Errors name the place of what belongs to no piece.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, Wrong> {
    if text.len() > LONGEST {
        return Err(Wrong::at(0, format!("it is longer than {LONGEST} bytes")));
    }
    let mut found = Vec::new();
    let mut rest = text;
    loop {
        rest = rest.trim_start();
        let at = text.len() - rest.len();
        let Some(first) = rest.chars().next() else { return Ok(found) };
        let (token, length) = if first == '"' {
            quoted(rest, at)?
        } else if first.is_ascii_digit() {
            number(rest, at)?
        } else if first.is_ascii_alphabetic() || first == '_' {
            let is_part = |c: char| c.is_ascii_alphanumeric() || c == '_';
            let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
            (Token::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
        } else if let Some(sign) = SIGNS.iter().find(|sign| rest.starts_with(**sign)) {
            (Token::Sign(sign), sign.len())
        } else {
            return Err(Wrong::at(at, format!("`{first}` means nothing here")));
        };
        found.push(Placed { token, at, end: at + length });
        rest = rest.get(length..).unwrap_or_default();
    }
}

fn number(rest: &str, at: usize) -> Result<(Token, usize), Wrong> {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
    let digits = rest.get(..length).unwrap_or_default();
    let value: f64 =
        digits.parse().map_err(|_| Wrong::at(at, format!("`{digits}` is no number")))?;
    if value > 1e15 {
        return Err(Wrong::at(at, "the number is too large".to_owned()));
    }
    Ok((Token::Number(value), length))
}

fn quoted(rest: &str, at: usize) -> Result<(Token, usize), Wrong> {
    let mut text = String::new();
    let mut escaped = false;
    for (index, c) in rest.char_indices().skip(1) {
        match (escaped, c) {
            (false, '"') => return Ok((Token::Text(text), index + 1)),
            (false, '\\') => escaped = true,
            (false, c) => text.push(c),
            (true, 'n') => {
                text.push('\n');
                escaped = false;
            }
            (true, '"' | '\\') => {
                text.push(c);
                escaped = false;
            }
            (true, c) => {
                let why = format!("`\\{c}` is no escape: known are \\\", \\\\ and \\n");
                return Err(Wrong::at(at + index, why));
            }
        }
    }
    Err(Wrong::at(at, "the text has no closing quotation mark".to_owned()))
}
