use std::time::{Duration, Instant};

use proptest::prelude::*;

use super::*;

fn shown(text: &str) -> Cow<'_, str> {
    Secrets::default().text(text)
}

#[test]
fn patterns_all_compile() {
    assert!(scan::all_patterns_compile());
}

#[test]
fn looks_secret_names_of_secrets_do() {
    for key in [
        "password",
        "PASSWORD",
        "db_password",
        "userpassword",
        "new-password",
        "passwd",
        "pwd",
        "SMTP_PASS",
        "db_pass",
        "secret",
        "client_secret",
        "clientSecret",
        "clientsecret",
        "api_key",
        "apiKey",
        "APIKey",
        "X-API-Key",
        "apikey",
        "access_key",
        "aws_secret_access_key",
        "private_key",
        "encryption_key",
        "token",
        "access_token",
        "refreshToken",
        "csrf_token",
        "csrftoken",
        "Authorization",
        "Proxy-Authorization",
        "credentials",
        "Set-Cookie",
        "sid",
        "auth",
        "tokens",
        "reset_password_key",
        "redis.password",
        "otp",
    ] {
        assert!(looks_secret(key), "{key}");
    }
}

#[test]
fn looks_secret_names_about_something_else_do_not() {
    for key in [
        "",
        "key",
        "keys",
        "keyboard",
        "key_column",
        "public_key",
        "monkey",
        "token_count",
        "max_tokens",
        "tokenizer",
        "token_type",
        "token_url",
        "password_policy",
        "secretary",
        "author",
        "authority",
        "pass",
        "passed",
        "bypass",
        "compass",
        "pass_count",
        "side",
        "inside",
        "method",
        "user",
        "job_name",
        "api_url",
        "access_key_index",
    ] {
        assert!(!looks_secret(key), "{key}");
    }
}

#[test]
fn text_secrets_are_masked_and_the_rest_stays() {
    for (text, expected) in [
        ("redis://:hunter2@10.0.0.1:6379/1", "redis://:***@10.0.0.1:6379/1"),
        ("rediss://ops:p%40ss@h:6380", "rediss://ops:***@h:6380"),
        ("https://0123456789abcdef0123@sentry.io/1", "https://***@sentry.io/1"),
        ("redis://default:hunt", "redis://default:***"),
        ("execute_job(kwargs={'password': 'x1y", "execute_job(kwargs={'password': '***"),
        (
            "execute_job(event=None, kwargs={'user': 'a', 'password': 'x, y', 'n': 3}, method='m')",
            "execute_job(event=None, kwargs={'user': 'a', 'password': '***', 'n': 3}, method='m')",
        ),
        (r#"{"api_key": "abc\"def", "page": 1}"#, r#"{"api_key": "***", "page": 1}"#),
        (r#"data='{\"token\": \"abc\", \"n\": 1}'"#, r#"data='{\"token\": \"***\", \"n\": 1}'"#),
        ("login(password=hunter2)", "login(password=***)"),
        ("login(password='it\\'s', user='b')", "login(password='***', user='b')"),
        ("password = b'\\x00abc'", "password = b'***'"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer ***"),
        ("Authorization: token 0123:4567", "Authorization: token ***"),
        ("{'Authorization': 'Basic Zm9v'}", "{'Authorization': '***'}"),
        ("sent bearer abc123 to it", "sent bearer *** to it"),
        ("mysqldump --password hunter2 db", "mysqldump --password *** db"),
        ("x --db-password=a,b;c y", "x --db-password=*** y"),
        ("mysql -u root -phunter2 db", "mysql -u root -p*** db"),
        ("redis-cli -h x -a hunter2 ping", "redis-cli -h x -a *** ping"),
        ("backup --pass hunter2", "backup --pass ***"),
        ("id AKIAIOSFODNN7EXAMPLE used", "id *** used"),
        ("ghp_abcdefghij0123456789", "***"),
        ("jwt eyJhbGciOiJIUzI1.eyJzdWIi.sig-x end", "jwt *** end"),
        ("tokens=['a', 'b)'], n=1", "tokens=[***], n=1"),
        ("GET /x?token=abc&page=2", "GET /x?token=***&page=2"),
        ("    password = 'multi'\n    user = 'x'", "    password = '***'\n    user = 'x'"),
        ("password: x1y, user: z", "password: ***, user: z"),
        (
            "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----\nrest",
            "-----BEGIN RSA PRIVATE KEY-----***-----END RSA PRIVATE KEY-----\nrest",
        ),
        ("-----BEGIN PRIVATE KEY-----\nMIIE", "-----BEGIN PRIVATE KEY-----***"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
        assert_eq!(shown(expected), expected, "twice: {text}");
    }
}

#[test]
fn text_harmless_text_borrows() {
    for text in [
        "",
        "app.tasks.sync(site='site1.localhost', n=3)",
        "redis://127.0.0.1:11000/0",
        "http://[::1]:8000/a?email=a@b.c",
        "http://host:80/path@v2",
        "ssh://git@host/repo",
        "key = 'value', keyboard='us', token_count=5, max_tokens=100",
        "Access denied for user 'x'@'localhost' (using password: YES)",
        "password=None, token=null, secret: false",
        "wrong password for user x",
        "the bearer of news",
        "mysql -u root -p db",
        "monkey: banana",
    ] {
        assert!(matches!(shown(text), Cow::Borrowed(_)), "{text} -> {}", shown(text));
    }
}

#[test]
fn text_shown_on_request_stays() {
    assert_eq!(Secrets::new(true).text("password=x"), "password=x");
    assert!(!Secrets::new(true).hides("password"));
}

#[test]
fn text_hostile_repetition_stays_linear() {
    let limit = Duration::from_secs(20);
    for unit in
        ["password=", "://:", "mysql -", "--token ", "a_", "'password': '", "\\\"key\\\": ", "eyJ"]
    {
        let text = unit.repeat(200_000 / unit.len());
        let began = Instant::now();
        shown(&text);
        assert!(began.elapsed() < limit, "{unit} took {:?}", began.elapsed());
    }
}

proptest! {
    #[test]
    fn text_a_value_behind_a_secret_name_never_shows(
        secret in "[A-Za-z0-9!#$%*+./:;@^_~-]{6,20}zq9",
        form in 0usize..6,
        cut in 0usize..3,
    ) {
        let whole = match form {
            0 => format!("f(kwargs={{'password': '{secret}'}}, a=1)"),
            1 => format!("{{\"api_key\": \"{secret}\"}}"),
            2 => format!("db_password='{secret}'"),
            3 => format!("run --password {secret} x"),
            4 => format!("secret = {secret}\nnext"),
            _ => format!("{{\\\"token\\\": \\\"{secret}\\\"}}"),
        };
        let at = whole.find(&secret).unwrap() + secret.len() - cut;
        let text = if cut == 0 { whole.as_str() } else { &whole[..at] };
        let masked = shown(text);
        prop_assert!(!masked.contains(&secret[..4]) || MASK.contains(&secret[..3]), "{} -> {}", text, masked);
    }

    #[test]
    fn text_any_text_masked_twice_is_the_same(s in "[a-z'\"=:{}, \\\\@/\n-]{0,20}(password|token=|://|'secret': )[a-z'\"=:{}, \\\\@/\n-]{0,20}") {
        let once = shown(&s).into_owned();
        prop_assert_eq!(shown(&once), once.as_str(), "{}", s);
    }
}
