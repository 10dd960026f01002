use proptest::prelude::*;

use super::*;
use crate::backend::redis::ReplyErrorKind;

/// Hands out its bytes `step` at a time, as a slow network does.
struct Drip<'a> {
    bytes: &'a [u8],
    step: usize,
}

impl Read for Drip<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.step.min(self.bytes.len()).min(buffer.len());
        buffer[..count].copy_from_slice(&self.bytes[..count]);
        self.bytes = &self.bytes[count..];
        Ok(count)
    }
}

fn read(bytes: &[u8], step: usize) -> io::Result<Result<Value, ReplyError>> {
    Reader::new().value(&mut Drip { bytes, step })
}

#[test]
fn value_of_every_type_is_read_in_any_cut() {
    let answer =
        b"*7\r\n$3\r\nabc\r\n:-42\r\n+OK\r\n+PONG\r\n$-1\r\n*-1\r\n*2\r\n$0\r\n\r\n$2\r\n\r\n\r\n";
    let expected = Value::Array(vec![
        Value::BulkString(b"abc".to_vec()),
        Value::Int(-42),
        Value::Okay,
        Value::SimpleString("PONG".into()),
        Value::Nil,
        Value::Nil,
        Value::Array(vec![Value::BulkString(vec![]), Value::BulkString(b"\r\n".to_vec())]),
    ]);
    for step in 1..answer.len() {
        assert_eq!(read(answer, step).unwrap(), Ok(expected.clone()), "step {step}");
    }
}

#[test]
fn value_that_is_an_error_keeps_code_and_text() {
    let error = read(b"-NOPERM no rights\r\n", 4).unwrap().unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ReplyErrorKind::Denied, "NOPERM"));
    assert_eq!(error.text, "NOPERM no rights");
    let Ok(Value::Array(values)) = read(b"*1\r\n-ERR x\r\n", 99).unwrap() else { panic!() };
    assert!(matches!(&values[..], [Value::ServerError(_)]));
}

#[test]
fn value_longer_than_the_buffer_is_read_whole_and_the_buffer_given_back() {
    let body = vec![b'x'; 3 * KEPT];
    let mut answer = format!("${}\r\n", body.len()).into_bytes();
    answer.extend(&body);
    answer.extend(b"\r\n+OK\r\n");
    let mut source = Drip { bytes: &answer, step: 1 << 20 };
    let mut reader = Reader::new();
    assert_eq!(reader.value(&mut source).unwrap(), Ok(Value::BulkString(body)));
    assert_eq!(reader.value(&mut source).unwrap(), Ok(Value::Okay));
    assert!(reader.buffer.len() <= 4 * KEPT);
    assert_eq!(reader.value(&mut source).unwrap_err().kind(), ErrorKind::UnexpectedEof);
    assert_eq!(reader.buffer.len(), CHUNK);
}

#[test]
fn value_from_something_else_is_refused() {
    for answer in [
        &b"HTTP/1.1 400 Bad Request\r\n"[..],
        b"\r\n",
        b"\n",
        b":\r\n",
        b":1x\r\n",
        b":9223372036854775808\r\n",
        b"$-2\r\n",
        b"$99999999999\r\n",
        b"*-7\r\n",
        b"$2\r\nabcd\r\n",
        b"+no carriage return\n",
        &b"*1\r\n".repeat(DEEPEST + 2),
        &b"+".repeat(LONGEST_LINE + 9),
    ] {
        let error = read(answer, 7).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData, "{:?}", &answer[..answer.len().min(20)]);
    }
    assert_eq!(read(b":-9223372036854775808\r\n", 99).unwrap(), Ok(Value::Int(i64::MIN)));
}

#[test]
fn value_with_a_hostile_length_reserves_nothing() {
    let mut reader = Reader::new();
    let error = reader.value(&mut Drip { bytes: b"$536870912\r\nabc", step: 99 }).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(reader.buffer.len(), CHUNK);
    let error = read(b"*9223372036854775807\r\n:1\r\n", 99).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
}

proptest! {
    #[test]
    fn value_of_any_bytes_never_panics(bytes in proptest::collection::vec(any::<u8>(), 0..200), step in 1..50_usize) {
        let _ = read(&bytes, step);
    }

    #[test]
    fn value_reads_what_the_driver_reads(values in proptest::collection::vec(
        prop_oneof![
            any::<i64>().prop_map(|n| format!(":{n}\r\n").into_bytes()),
            proptest::collection::vec(any::<u8>(), 0..40).prop_map(|bytes| {
                let mut out = format!("${}\r\n", bytes.len()).into_bytes();
                out.extend(bytes);
                out.extend(b"\r\n");
                out
            }),
            Just(b"$-1\r\n".to_vec()),
            Just(b"-WRONGTYPE no\r\n".to_vec()),
        ], 0..20), step in 1..50_usize)
    {
        let mut answer = format!("*{}\r\n", values.len()).into_bytes();
        answer.extend(values.concat());
        let ours = read(&answer, step).unwrap().unwrap();
        prop_assert_eq!(ours, redis::parse_redis_value(&answer).unwrap());
    }
}
