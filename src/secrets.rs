//! Keeps secrets out of everything that is shown.
//!
//! Two questions: does the *name* of a value say that the value is a secret ([`looks_secret`]),
//! and where in free text do secrets stand ([`Secrets::text`])? Free text is what others wrote:
//! descriptions of jobs (`execute_job(kwargs={'password': 'x…`), tracebacks with local variables,
//! command lines, URLs. It may be cut off in the middle of a secret. Where it is not certain, more
//! is masked rather than less.
//!
//! Applied where a report is filled, so that every format agrees, and by `ui` to errors and talk.

use std::borrow::Cow;

mod names;
mod scan;
#[cfg(test)]
mod tests;

pub use names::looks_secret;

/// What stands in a secret's place.
pub const MASK: &str = "***";

/// Decides what is shown of text and values that may hold secrets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Secrets {
    show: bool,
}

impl Secrets {
    /// Hides secrets, or shows them where the operator asked for it (`--show-secrets`).
    pub const fn new(show: bool) -> Self {
        Self { show }
    }

    /// Whether a value under `key` is to be hidden.
    pub fn hides(self, key: &str) -> bool {
        !self.show && looks_secret(key)
    }

    /// `text` with the secrets in it replaced by [`MASK`]; borrows where there are none.
    ///
    /// Linear in the text; text without any word that announces a secret costs one fast scan.
    /// Applying it twice changes nothing more.
    pub fn text(self, text: &str) -> Cow<'_, str> {
        if self.show { Cow::Borrowed(text) } else { scan::mask(text) }
    }
}
