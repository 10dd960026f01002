//! Points at which a test can end the program, as a crash does.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::env;

/// The point and how many passings before it strikes.
static STRIKE: OnceLock<Option<(String, usize)>> = OnceLock::new();
static PASSINGS: AtomicUsize = AtomicUsize::new(0);

/// Ends the process without any clean-up at the n-th passing of the point that
/// `JOBCTL_TEST_FAULT` names as `point` or `point:n`; does nothing otherwise.
pub fn point(name: &str) {
    let strike = STRIKE.get_or_init(|| {
        let text = env::read(env::JOBCTL_TEST_FAULT)?;
        let (name, passing) = text.split_once(':').unwrap_or((&text, "1"));
        Some((name.to_owned(), passing.parse().unwrap_or(1)))
    });
    let Some((at, passing)) = strike else { return };
    if at == name && PASSINGS.fetch_add(1, Ordering::Relaxed) + 1 == *passing {
        std::process::abort();
    }
}
