//! Near misses: names that an operator may have meant. Uses the `strsim` crate.

use crate::error::Failure;

/// How alike two names must be, from 0 to 1 (Jaro-Winkler).
const ALIKE: f64 = 0.75;

/// Names listed when none is alike.
const MOST_LISTED: usize = 8;

/// Adds to a failure what may have been meant instead of `wanted`.
pub fn hint<'a>(failure: Failure, wanted: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let known: Vec<&str> = known.collect();
    let mut alike: Vec<(f64, &str)> = known
        .iter()
        .map(|name| (strsim::jaro_winkler(wanted, name), *name))
        .filter(|(alike, name)| *alike >= ALIKE || name.contains(wanted))
        .collect();
    alike.sort_by(|a, b| b.0.total_cmp(&a.0));
    if !alike.is_empty() {
        let names: Vec<String> =
            alike.iter().take(3).map(|(_, name)| format!("`{name}`")).collect();
        return failure.hint(format!("did you mean {}?", names.join(" or ")));
    }
    if known.is_empty() {
        return failure;
    }
    let more = if known.len() > MOST_LISTED { ", …" } else { "" };
    let names: Vec<String> =
        known.iter().take(MOST_LISTED).map(|name| format!("`{name}`")).collect();
    failure.hint(format!("there are {}{more}", names.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;

    fn hints(wanted: &str, known: &[&str]) -> Vec<String> {
        let failure = Failure::new(Kind::NotFound, "x");
        hint(failure, wanted, known.iter().copied()).hints().to_vec()
    }

    #[test]
    fn near_miss_is_suggested_before_a_list() {
        assert_eq!(hints("defualt", &["short", "default"]), ["did you mean `default`?"]);
        assert_eq!(hints("zzz", &["short", "long"]), ["there are `short`, `long`"]);
        assert!(hints("zzz", &[]).is_empty());
    }
}
