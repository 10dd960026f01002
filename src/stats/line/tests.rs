use proptest::prelude::*;

use super::*;

/// Lines as Frappe writes them, one per version and kind.
const V13: &str = r#"{"duration":860449,"job":{"method":"frappe.utils.background_jobs.test_job","scheduled":false,"wait":120500},"site":"site1.localhost","timestamp":"2026-11-21 20:57:14.707324","transaction_type":"job","uuid":"85da5b79-6b7e-48a4-8c89-3aefd242d09d"}"#;
const V15: &str = r#"{"duration":677574,"job":{"method":"frappe.email.queue.flush","scheduled":true,"wait":0},"site":"site1.localhost","timestamp":"2026-11-21 21:03:02.389620+00:00","transaction_type":"job","uuid":"site1.localhost::scheduled_job::frappe.email.queue.flush"}"#;
const V17: &str = r#"{"duration":1019965,"exception":"ValidationError","job":{"method":"frappe.throw","scheduled":false,"wait":2648588},"job_id":"a17.localhost||with-retry","site":"a17.localhost","timestamp":"2026-11-21 21:45:32.652037+00:00","transaction_type":"job","uuid":"28c3bb3a-c6cd-486e-8434-f28a1ac7727a"}"#;
const REQUEST: &str = r#"{"duration":25400,"request":{"counter":12,"ip":"127.0.0.1","method":"GET","path":"/api/method/ping","reset":3600,"response_length":18,"status_code":200},"site":"site1.localhost","timestamp":"2026-11-21 20:57:15.000001+00:00","transaction_type":"request","uuid":"1f0c"}"#;

fn both(line: &str) -> Record<'_> {
    let fast = fast::read(line.as_bytes()).unwrap_or_else(|| panic!("not read fast: {line}"));
    assert_eq!(Some(fast), slow::Wire::read(line.as_bytes()).unwrap().record());
    fast
}

/// The fields of a record, comparable after the line is gone.
fn shown(line: &[u8]) -> Option<String> {
    read(line, |record| format!("{record:?}"))
}

#[test]
fn line_of_v13_tells_the_wait_but_not_the_failure() {
    let record = both(V13);
    assert_eq!(record.method, Some(&b"frappe.utils.background_jobs.test_job"[..]));
    assert_eq!((record.duration_us, record.wait_us()), (Some(860_449), Some(120_500)));
    assert_eq!((record.failed, record.scheduled), (None, Some(false)));
}

#[test]
fn line_of_v15_tells_no_wait() {
    let record = both(V15);
    assert_eq!((record.written_wait_us, record.wait_us()), (Some(0), None));
    assert_eq!((record.failed, record.scheduled), (None, Some(true)));
}

#[test]
fn line_of_v17_tells_failures_unless_scheduled() {
    assert_eq!(both(V17).failed, Some(true));
    assert_eq!(both(V17).wait_us(), Some(2_648_588));
    let good = V17.replace(r#","exception":"ValidationError""#, "");
    assert_eq!(both(&good).failed, Some(false));
    let scheduled = good.replace(r#""scheduled":false"#, r#""scheduled":true"#);
    assert_eq!(both(&scheduled).failed, None);
    let no_wait = good.replace("2648588", "0");
    assert_eq!(both(&no_wait).wait_us(), Some(0));
}

#[test]
fn line_of_a_request_is_told_apart() {
    assert_eq!(both(REQUEST).transaction, Transaction::Request);
}

#[test]
fn unusual_lines_are_read_slowly() {
    let spaced = r#"{"transaction_type": "job", "timestamp": "2026-11-21 20:57:14.707324", "job": {"wait": 1.6, "method": "a.b"}, "duration": 5}"#;
    assert!(fast::read(spaced.as_bytes()).is_none());
    let figures = read(spaced.as_bytes(), |r| (r.duration_us, r.wait_us(), r.scheduled));
    assert_eq!(figures, Some((Some(5), Some(2), None)));

    let escaped = V17.replace("with-retry", "\\u00fc\\ud83d\\ude00");
    assert!(fast::read(escaped.as_bytes()).is_none());
    let id = read(escaped.as_bytes(), |record| record.job_id.map(<[u8]>::to_vec));
    assert_eq!(id.flatten().as_deref(), Some("a17.localhost||ü😀".as_bytes()));

    let app = V17.replace(r#","site""#, r#","shop":{"x":[1]},"site""#);
    assert_eq!(read(app.as_bytes(), |record| record.failed).unwrap(), Some(true));
}

#[test]
fn what_is_no_record_is_refused() {
    for line in [
        "",
        "{}",
        "null",
        "[1]",
        "123",
        &V15[..V15.len() - 1],
        &V15[..80],
        &V15[10..],
        &format!("{V15}x"),
        &format!("{V15}{V15}"),
        &V15.replace("2026-11-21", "2026-99-21"),
        &V15.replace(r#""wait":0"#, r#""wait":00"#),
        &REQUEST.replace("200}", "200,}"),
        &V15.replace("site1.local", "site1\u{0}local"),
        &V15.replace(r#""uuid""#, r#""site""#),
    ] {
        assert_eq!(shown(line.as_bytes()), None, "{line}");
    }
}

/// Frappe's own lines with any text, any number and any damage.
fn lines() -> impl Strategy<Value = Vec<u8>> {
    let texts = prop::collection::vec("[ -~]{0,20}", 5);
    let numbers = (any::<i64>(), -5_i64..5, any::<bool>(), 0..4_usize);
    let damage = prop::option::of((any::<prop::sample::Index>(), any::<u8>()));
    (texts, numbers, damage).prop_map(|(texts, (duration, wait, scheduled, shape), damage)| {
        let text = |at: usize| serde_json::to_string(&texts[at]).unwrap();
        let exception =
            if shape == 1 { format!(",\"exception\":{}", text(0)) } else { String::new() };
        let job = if shape == 3 {
            format!("\"request\":{{\"a\":{},\"b\":{wait},\"c\":null}}", text(1))
        } else {
            format!("\"job\":{{\"method\":{},\"scheduled\":{scheduled},\"wait\":{wait}}}", text(1))
        };
        let id = if shape > 0 { format!(",\"job_id\":{}", text(2)) } else { String::new() };
        let kind = if shape == 3 { "request" } else { "job" };
        let mut line = format!(
            "{{\"duration\":{duration}{exception},{job}{id},\"site\":{},\
             \"timestamp\":\"2026-11-21 20:57:14.707324\",\
             \"transaction_type\":\"{kind}\",\"uuid\":{}}}",
            text(3),
            text(4)
        )
        .into_bytes();
        if let Some((at, byte)) = damage {
            let at = at.index(line.len());
            line[at] = byte;
        }
        line
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, ..ProptestConfig::default() })]

    #[test]
    fn fast_reader_accepts_only_what_the_slow_one_reads_alike(line in lines()) {
        if let Some(fast) = fast::read(&line) {
            let wire = slow::Wire::read(&line);
            prop_assert_eq!(Some(fast), wire.as_ref().and_then(slow::Wire::record));
        }
    }

    #[test]
    fn reader_of_any_bytes_ends(line in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = shown(&line);
    }
}
