use super::*;

#[test]
fn loss_of_a_worker_is_dated_by_its_text_where_that_tells_the_zone() {
    let text = |at: &str| format!("Moved to FailedJobRegistry, due to AbandonedJobError, at {at}");
    let told = abandoned_at(&text("2026-11-22 12:31:07.123456+00:00")).unwrap();
    assert_eq!(told.to_string(), "2026-11-22T12:31:07.123456Z");
    assert_eq!(abandoned_at(&text("2026-11-22 12:31:07.123456")), None);
    assert_eq!(abandoned_at("meet me, at 2026-11-22 12:31:07+00:00"), None);
}
