use super::*;
use crate::report::errors::ErrorClass;

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_second(1_800_000_000 + seconds).unwrap()
}

fn event(name: &str, seconds: i64) -> Event<'static> {
    let signature = Signature {
        class: ErrorClass::Other,
        exception: "ValueError".to_owned(),
        message: name.to_owned(),
        pattern: name.to_owned(),
        place: None,
    };
    Event {
        signature,
        at: at(seconds),
        queue: Some("long"),
        site: None,
        method: None,
        origin: Origin::Log(LogRow { site: "s".to_owned(), name: name.to_owned() }),
        text: "",
        cut: false,
    }
}

#[test]
fn groups_beyond_the_bound_leave_the_frequent_and_the_new_ones() {
    let mut groups = Groups::new(By::Exception, (Timestamp::UNIX_EPOCH, at(100_000)), None, None);
    for seconds in 0..3 {
        groups.add(event("often, long ago", seconds));
    }
    let rare = 2 * MOST_GROUPS;
    for (seconds, at) in (0..rare).zip(10..) {
        groups.add(event(&format!("rare {}", to_letters(seconds)), at));
    }
    assert!(groups.is_full());
    let rows = groups.rows(&Target::plain("redis://h"), at(100_000));
    assert!(rows.len() <= MOST_GROUPS + 1, "{}", rows.len());
    let is_there = |message: &str| rows.iter().any(|row| row.message.as_deref() == Some(message));
    assert!(is_there("often, long ago"));
    assert!(is_there(&format!("rare {}", to_letters(rare - 1))), "the newest");
    assert!(!is_there(&format!("rare {}", to_letters(0))));
    let count: u64 = rows.iter().map(|row| row.count).sum();
    assert_eq!(count, rare as u64 + 3, "none is lost");
    let other = rows.iter().find(|row| row.group == OTHER).unwrap();
    assert_eq!(other.trend.iter().sum::<u64>(), other.count);
    assert_eq!(other.queues[0].count, other.count);
    assert_eq!(groups.ids_like(OTHER), [""; 0], "it has no one text");
}

/// A number in letters: digits are no part of what is compared.
fn to_letters(mut number: usize) -> String {
    let mut letters = String::new();
    while letters.is_empty() || number > 0 {
        letters.push(char::from(b"abcdefghijklmnopqrstuvwxyz"[number % 26]));
        number /= 26;
    }
    letters
}
