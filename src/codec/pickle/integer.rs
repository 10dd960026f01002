//! Integers of any length as text.

/// Bytes up to which an integer is shown in decimal; converting costs the square of the length.
const DECIMAL_BYTES: usize = 128;

/// The value of a little-endian two's complement integer, if it fits.
pub(super) fn small(bytes: &[u8]) -> Option<i64> {
    let fill = if is_negative(bytes) { 0xff } else { 0 };
    let (low, high) = bytes.split_at(bytes.len().min(8));
    let mut whole = [fill; 8];
    whole.get_mut(..low.len())?.copy_from_slice(low);
    let value = i64::from_le_bytes(whole);
    (high.iter().all(|byte| *byte == fill) && (value < 0) == (fill == 0xff)).then_some(value)
}

/// A little-endian two's complement integer in decimal, or in hexadecimal if it is very long.
pub(super) fn text(bytes: &[u8]) -> String {
    let negative = is_negative(bytes);
    let mut magnitude = bytes.to_vec();
    if negative {
        negate(&mut magnitude);
    }
    let digits = if bytes.len() > DECIMAL_BYTES { hex(&magnitude) } else { decimal(&magnitude) };
    if negative { format!("-{digits}") } else { digits }
}

/// The low 128 bits of a non-negative integer, or `None` if it is negative or longer.
pub(super) fn unsigned_128(bytes: &[u8]) -> Option<u128> {
    let (low, high) = bytes.split_at(bytes.len().min(16));
    let mut whole = [0; 16];
    whole.get_mut(..low.len())?.copy_from_slice(low);
    (!is_negative(bytes) && high.iter().all(|byte| *byte == 0)).then(|| u128::from_le_bytes(whole))
}

fn is_negative(bytes: &[u8]) -> bool {
    bytes.last().is_some_and(|byte| byte & 0x80 != 0)
}

fn negate(bytes: &mut [u8]) {
    let mut carry = true;
    for byte in bytes {
        (*byte, carry) = (!*byte).overflowing_add(u8::from(carry));
    }
}

fn hex(magnitude: &[u8]) -> String {
    use std::fmt::Write as _;
    let mut text = String::from("0x");
    for byte in magnitude.iter().rev().skip_while(|byte| **byte == 0) {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
    }
    text
}

fn decimal(magnitude: &[u8]) -> String {
    const BASE: u64 = 1_000_000_000;
    let mut groups = vec![0u64];
    for byte in magnitude.iter().rev() {
        let mut carry = u64::from(*byte);
        for group in &mut groups {
            let value = *group * 256 + carry;
            (*group, carry) = (value % BASE, value / BASE);
        }
        if carry > 0 {
            groups.push(carry);
        }
    }
    let mut text = groups.pop().unwrap_or(0).to_string();
    for group in groups.iter().rev() {
        text.push_str(&format!("{group:09}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn text_of_long_integers_is_exact() {
        assert_eq!(text(&[]), "0");
        assert_eq!(text(&[0xff]), "-1");
        assert_eq!(text(&[0, 0, 0, 0, 0, 0, 0, 0x80]), "-9223372036854775808");
        assert_eq!(text(&[0, 0, 0, 0, 0, 0, 0, 0x80, 0]), "9223372036854775808");
        assert!(text(&vec![0x7f; 1 << 16]).starts_with("0x7f7f"));
    }

    proptest! {
        #[test]
        fn integers_agree_with_i128(value in any::<i128>(), shift in 0u32..128) {
            let value = value >> shift;
            let bytes = value.to_le_bytes();
            prop_assert_eq!(text(&bytes), value.to_string());
            prop_assert_eq!(small(&bytes), i64::try_from(value).ok());
            prop_assert_eq!(unsigned_128(&bytes), u128::try_from(value).ok());
        }
    }
}
