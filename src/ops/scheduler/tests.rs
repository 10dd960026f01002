//! Clocks of sites on the days on which they jump.

use super::*;

fn clock(zone: &str, now: &str) -> SiteClock {
    SiteClock::of(Some(zone), Family::V15, now.parse().unwrap())
}

fn instant(clock: &SiteClock, naive: &str) -> String {
    clock.instant(naive.parse().unwrap()).unwrap().to_string()
}

#[test]
fn time_ahead_in_a_repeated_hour_is_its_second_pass() {
    // 02:10 for the second time: 02:30 comes in twenty minutes, and not forty minutes ago.
    let second = clock("Europe/Berlin", "2026-10-25T01:10:00Z");
    assert_eq!(second.naive.to_string(), "2026-10-25T02:10:00");
    assert_eq!(instant(&second, "2026-10-25T02:30:00"), "2026-10-25T01:30:00Z");
    assert_eq!(instant(&second, "2026-10-25T02:05:00"), "2026-10-25T00:05:00Z");
    let first = clock("Europe/Berlin", "2026-10-25T00:10:00Z");
    assert_eq!(instant(&first, "2026-10-25T02:30:00"), "2026-10-25T00:30:00Z");
    assert_eq!(instant(&first, "2026-10-25T03:00:00"), "2026-10-25T02:00:00Z");
}

#[test]
fn time_in_a_skipped_hour_is_reached_when_the_clock_jumps() {
    let before = clock("Europe/Berlin", "2026-03-29T00:30:00Z");
    assert_eq!(instant(&before, "2026-03-29T02:30:00"), "2026-03-29T01:00:00Z");
}

#[test]
fn unknown_zone_is_utc_and_said() {
    let lost = clock("Mars/Olympus", "2026-03-29T00:30:00Z");
    assert_eq!(lost.zone_name(), "UTC");
    assert!(lost.caveat("erp").unwrap().contains("`Mars/Olympus`"));
    assert_eq!(clock("Asia/Kolkata", "2026-03-29T00:30:00Z").caveat("erp"), None);
}
