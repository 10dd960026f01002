//! Which names announce a secret. Pure; knows no text around the name.

/// Words that announce a secret wherever they stand in a name.
const SECRET: &[&str] = &[
    "password",
    "passwords",
    "passwd",
    "pwd",
    "passphrase",
    "passcode",
    "secret",
    "secrets",
    "token",
    "apikey",
    "authorization",
    "credential",
    "credentials",
    "cookie",
    "cookies",
    "jwt",
    "otp",
    "bearer",
    "sid",
];
/// The same written without a separator, as in `dbpassword`.
const SECRET_INSIDE: &[&str] = &["password", "passwd", "passphrase", "credential"];
/// The same at the end of a word, as in `clientsecret`, `csrftoken`.
const SECRET_END: &[&str] = &["secret", "token", "apikey", "secretkey", "privatekey", "accesskey"];
/// What makes a key out of the word `key`: `key` alone, `key_column` or `public_key` do not.
const KEYED: &[&str] =
    &["api", "access", "private", "secret", "encryption", "signing", "auth", "master", "shared"];
/// Endings that make a name speak *about* a secret.
const ABOUT: &[&str] = &[
    "count",
    "type",
    "limit",
    "usage",
    "length",
    "len",
    "size",
    "url",
    "uri",
    "expiry",
    "expires",
    "expiration",
    "ttl",
    "age",
    "policy",
    "strength",
    "at",
    "on",
    "date",
    "time",
    "timeout",
    "enabled",
    "required",
    "file",
    "path",
    "name",
    "column",
    "index",
];

/// Whether a key's name says that its value is a secret.
///
/// The name is taken apart at separators and capitals: `db_password`, `api-key`, `accessToken`,
/// `userpassword`, `SMTP_PASS` and a plain `auth` do; `key`, `keyboard`, `token_count`,
/// `max_tokens`, `tokenizer`, `secretary`, `public_key`, `compass` do not.
pub fn looks_secret(key: &str) -> bool {
    let words = words(key);
    let Some(last) = words.last() else { return false };
    if words.len() > 1 && ABOUT.contains(&last.as_str()) {
        return false;
    }
    let announces = |word: &String| {
        SECRET.contains(&word.as_str())
            || SECRET_INSIDE.iter().any(|secret| word.contains(secret))
            || SECRET_END.iter().any(|secret| word.ends_with(secret))
    };
    words.iter().any(announces)
        || words
            .windows(2)
            .any(|pair| matches!(pair, [a, b] if is_key(b) && KEYED.contains(&a.as_str())))
        || (words.len() > 1 && last == "pass")
        || key.eq_ignore_ascii_case("auth")
        || key.eq_ignore_ascii_case("tokens")
}

fn is_key(word: &str) -> bool {
    word == "key" || word == "keys"
}

/// The words of a name in lower case: taken apart at anything but letters and digits, and where a
/// capital begins a word (`accessToken`, `APIKey`).
fn words(key: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut before = ' ';
    let mut chars = key.chars().peekable();
    while let Some(c) = chars.next() {
        let begins = c.is_uppercase()
            && (before.is_lowercase()
                || before.is_uppercase() && chars.peek().is_some_and(|next| next.is_lowercase()));
        if (begins || !c.is_alphanumeric()) && !word.is_empty() {
            words.push(std::mem::take(&mut word));
        }
        if c.is_alphanumeric() {
            word.extend(c.to_lowercase());
        }
        before = c;
    }
    if !word.is_empty() {
        words.push(word);
    }
    words
}
