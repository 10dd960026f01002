//! The literals of protocol 0: quoted Python 2 strings and escaped Unicode lines.

/// Appends what a quoted string literal stands for, as bytes.
///
/// `None` if the quotes do not match. Source: `repr` of Python 2's `str`, read by `Lib/pickle.py`,
/// `load_string`; an escape that Python does not know stays as it is, backslash included.
pub(super) fn unquote(literal: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let ([b'\'', inner @ .., b'\''] | [b'"', inner @ .., b'"']) = literal.trim_ascii_end() else {
        return None;
    };
    let mut rest = inner;
    while let [byte, tail @ ..] = rest {
        rest = tail;
        if *byte != b'\\' {
            out.push(*byte);
            continue;
        }
        let [code, tail @ ..] = rest else { return None };
        rest = tail;
        match code {
            b'n' => out.push(b'\n'),
            b'r' => out.push(b'\r'),
            b't' => out.push(b'\t'),
            b'a' => out.push(7),
            b'b' => out.push(8),
            b'f' => out.push(12),
            b'v' => out.push(11),
            b'\\' | b'\'' | b'"' => out.push(*code),
            b'x' => {
                let (value, tail) = number(rest, 16, 2, 2)?;
                out.push(u8::try_from(value).ok()?);
                rest = tail;
            }
            b'0'..=b'7' => {
                let from = inner.len() - rest.len() - 1;
                let (value, tail) = number(inner.get(from..)?, 8, 1, 3)?;
                out.push(u8::try_from(value & 0xff).ok()?);
                rest = tail;
            }
            other => out.extend([b'\\', *other]),
        }
    }
    Some(())
}

/// Appends what a `raw-unicode-escape` line stands for, as UTF-8.
///
/// Only `\uXXXX` and `\UXXXXXXXX` are escapes, every other byte is a Latin-1 character. Surrogate
/// pairs, which narrow Python 2 builds wrote, are joined; a lone surrogate becomes U+FFFD.
pub(super) fn raw_unicode(line: &[u8], out: &mut Vec<u8>) -> Option<()> {
    let mut push = |c: char| out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    let mut rest = line;
    while let [byte, tail @ ..] = rest {
        let (digits, after) = match rest {
            [b'\\', b'u', after @ ..] => (4, after),
            [b'\\', b'U', after @ ..] => (8, after),
            _ => {
                push(char::from(*byte));
                rest = tail;
                continue;
            }
        };
        let (mut value, mut tail) = number(after, 16, digits, digits)?;
        if (0xd800..0xdc00).contains(&value)
            && let [b'\\', b'u', after @ ..] = tail
            && let Some((low @ 0xdc00..0xe000, after)) = number(after, 16, 4, 4)
        {
            value = 0x1_0000 + ((value - 0xd800) << 10) + (low - 0xdc00);
            tail = after;
        }
        push(char::from_u32(value).unwrap_or(char::REPLACEMENT_CHARACTER));
        rest = tail;
    }
    Some(())
}

/// Reads `least` to `most` digits; gives the value and what follows.
fn number(bytes: &[u8], radix: u32, least: usize, most: usize) -> Option<(u32, &[u8])> {
    let digit = |byte: &u8| char::from(*byte).to_digit(radix);
    let count = bytes.iter().take(most).take_while(|byte| digit(byte).is_some()).count();
    let (digits, rest) = bytes.split_at_checked(count)?;
    let value = digits.iter().filter_map(digit).fold(0u32, |sum, d| sum.wrapping_mul(radix) + d);
    (count >= least).then_some((value, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unquoted(literal: &str) -> Option<Vec<u8>> {
        let mut out = Vec::new();
        unquote(literal.as_bytes(), &mut out).map(|()| out)
    }

    #[test]
    fn unquote_reads_python_2_escapes() {
        assert_eq!(unquoted(r"'a\x07\n\'\\\101q\d'").unwrap(), b"a\x07\n'\\Aq\\d");
        assert_eq!(unquoted(r#""it's""#).unwrap(), b"it's");
        for bad in ["", "'", "abc", "'a\"", r"'\'", r"'\x1'"] {
            assert_eq!(unquoted(bad), None, "{bad}");
        }
    }

    #[test]
    fn raw_unicode_joins_surrogates_and_reads_latin_1() {
        let read = |line: &[u8]| {
            let mut out = Vec::new();
            raw_unicode(line, &mut out).map(|()| String::from_utf8(out).unwrap())
        };
        assert_eq!(
            read(b"caf\xe9 \\u20ac \\U0001f600 \\ud83d\\ude00 \\n").unwrap(),
            "café € 😀 😀 \\n"
        );
        assert_eq!(read(b"\\ud83dx").unwrap(), "\u{fffd}x");
        assert_eq!(read(b"\\u12"), None);
        assert_eq!(read(b"\\Uffffffff").unwrap(), "\u{fffd}");
    }
}
