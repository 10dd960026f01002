use std::io::Write as _;

use proptest::prelude::*;

use super::*;

fn deflated(plain: &[u8], level: u32) -> Vec<u8> {
    let level = flate2::Compression::new(level);
    let mut writer = flate2::write::ZlibEncoder::new(Vec::new(), level);
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

/// Text with the repetitions of a payload.
fn text() -> impl Strategy<Value = Vec<u8>> {
    let words = prop::sample::select(vec!["frappe.", "site", "method", "\x00\x01", "aaaaaaaa"]);
    let word = prop_oneof![words.prop_map(str::to_owned), "[a-z0-9\\-]{1,12}"];
    prop::collection::vec(word, 0..200).prop_map(|words| words.concat().into_bytes())
}

fn payload() -> Vec<u8> {
    let call = b"frappe.utils.background_jobs.execute_job site1.localhost site method user";
    [&call[..], b" 0123456789 ", call, b" xyz"].concat()
}

#[test]
fn short_inflater_takes_an_ordinary_payload() {
    let stored = deflated(&payload(), 6);
    let mut short = ShortInflater::default();
    assert_eq!(short.inflate(&stored), Some(payload().as_slice()));
    let behind = [&stored[..], b"more"].concat();
    assert_eq!(short.inflate(&behind), Some(payload().as_slice()));
}

#[test]
fn short_inflater_leaves_what_is_cut_to_the_other() {
    let stored = deflated(&payload(), 6);
    let mut short = ShortInflater::default();
    for end in 0..stored.len() {
        assert_eq!(short.inflate(&stored[..end]), None, "{end}");
    }
}

proptest! {
    #[test]
    fn short_inflater_gives_all_of_it_or_nothing(plain in text(), level in 0u32..10) {
        let mut short = ShortInflater::default();
        if let Some(out) = short.inflate(&deflated(&plain, level)) {
            prop_assert_eq!(out, plain.as_slice());
        }
    }

    #[test]
    fn short_inflater_agrees_on_damaged_streams(
        plain in text(),
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let mut stored = deflated(&plain, 6);
        let at = at.index(stored.len() - 2) + 2;
        stored[at] = byte;
        let mut short = ShortInflater::default();
        if let Some(out) = short.inflate(&stored) {
            let mut expected = Vec::with_capacity(64 * 1024);
            let mut general = flate2::Decompress::new(true);
            let finish = flate2::FlushDecompress::Finish;
            let status = general.decompress_vec(&stored, &mut expected, finish);
            prop_assert_eq!(status.unwrap(), flate2::Status::StreamEnd);
            prop_assert_eq!(out, expected.as_slice());
        }
    }

    #[test]
    fn short_inflater_survives_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let mut stream = vec![0x78, 0x9c, 0b101];
        stream.extend(bytes);
        let _ = ShortInflater::default().inflate(&stream);
    }
}
