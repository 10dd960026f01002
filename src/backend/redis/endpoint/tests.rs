use super::*;
use crate::error::failure_of;

fn shown(text: &str) -> String {
    Endpoint::parse(text).unwrap().to_string()
}

fn refusal(text: &str) -> String {
    let error = Endpoint::parse(text).unwrap_err();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::Usage, "{text}");
    format!("{error:#}")
}

#[test]
fn parse_known_forms_shows_the_same_place() {
    for (text, expected) in [
        ("redis://127.0.0.1:11000", "redis://127.0.0.1:11000/0"),
        ("redis://cache.example/3", "redis://cache.example:6379/3"),
        ("redis://", "redis://localhost:6379/0"),
        ("redis://h:1/3?db=4", "redis://h:1/4"),
        ("redis://[::1]:6380/2", "redis://[::1]:6380/2"),
        ("rediss://h:6380/0?ssl_cert_reqs=none", "rediss://h:6380/0"),
        ("unix:///run/redis.sock", "unix:/run/redis.sock (db 0)"),
        ("unix:///run/my%20redis.sock?db=1&password=x", "unix:/run/my redis.sock (db 1)"),
        ("redis+unix:///r.sock?db=2", "unix:/r.sock (db 2)"),
        ("unix://u:p@/r.sock", "unix:/r.sock (db 0)"),
        ("redis+sentinel://u:p@a,b:2/mymaster/5", "redis+sentinel://a:26379,b:2/mymaster/5"),
        ("127.0.0.1:11000", "redis://127.0.0.1:11000/0"),
        ("localhost:1/7", "redis://localhost:1/7"),
        ("/run/redis.sock", "unix:/run/redis.sock (db 0)"),
        (" redis://h:1 \n", "redis://h:1/0"),
        ("redis://h:1?socket_timeout=5&decode_responses=True", "redis://h:1/0"),
    ] {
        assert_eq!(shown(text), expected, "{text}");
    }
}

#[test]
fn parse_login_decodes_percent_and_prefers_userinfo() {
    let at = Endpoint::parse("redis://a%40b:p%2Fq%3A%25@h/0?username=x&password=y").unwrap();
    assert_eq!(at.login.username.as_deref(), Some("a@b"));
    assert_eq!(at.login.password.as_deref(), Some("p/q:%"));
    let at = Endpoint::parse("redis://:only@h").unwrap();
    assert_eq!((at.login.username, at.login.password), (None, Some("only".into())));
    let at = Endpoint::parse("unix:///s?username=x&password=a+b%2B").unwrap();
    assert_eq!(at.login.password.as_deref(), Some("a b+"));
    let at = Endpoint::parse("redis://u:a@b@h").unwrap();
    assert_eq!(at.login.password.as_deref(), Some("a@b"));
    let at = Endpoint::parse("redis://u:100%@h").unwrap();
    assert_eq!(at.login.password.as_deref(), Some("100%"));
}

#[test]
fn parse_wrong_url_names_the_fault_and_hides_the_password() {
    for (text, fault) in [
        ("", "empty"),
        ("http://u:hunter2@h", "scheme"),
        ("redis://u:hunter2@h:port", "port"),
        ("redis://u:hunter2@h:0", "port"),
        ("redis://u:hunter2@h:70000", "port"),
        ("redis://u:hunter2@h/zero", "database"),
        ("redis://u:hunter2@h/0?db=-1", "database"),
        ("redis://u:hunter2@h?ssl_ca_certs=/x", "rediss://"),
        ("rediss://u:hunter2@h?ssl_cert_reqs=perhaps", "ssl_cert_reqs"),
        ("rediss://u:hunter2@h?ssl_cert_req=none", "`ssl_cert_req`"),
        ("rediss://u:hunter2@h?ssl_check_hostname=2", "ssl_check_hostname"),
        ("redis://u:hunter2%ff@h", "UTF-8"),
        ("unix://u:hunter2@", "path"),
        ("unix://u:hunter2@run/redis.sock", "path"),
        ("redis+sentinel://u:hunter2@h:1", "service"),
        ("redis://u:hunter2@[::1", "bracket"),
    ] {
        let message = refusal(text);
        assert!(message.contains(fault), "{text}: {message}");
        assert!(!message.contains("hunter2"), "{text}: {message}");
    }
}

#[test]
fn show_never_holds_the_login() {
    let at = Endpoint::parse("rediss://anna:hunter2@h/1?ssl_ca_certs=/x")
        .unwrap()
        .through_sentinel(&["s1".into()], "m", Some("sam".into()), Some("s3cret".into()))
        .unwrap();
    for text in [format!("{at}"), format!("{at:?}"), format!("{at:#?}")] {
        for secret in ["anna", "hunter2", "sam", "s3cret"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
    assert_eq!(at.to_string(), "rediss+sentinel://s1:26379/m/1");
}

#[test]
fn sentinels_without_any_node_are_refused() {
    let at = Endpoint::parse("redis://h").unwrap();
    assert!(at.clone().through_sentinel(&[], "m", None, None).is_err());
    assert!(at.through_sentinel(&["h:x".into()], "m", None, None).is_err());
}

#[test]
fn client_url_reads_back_as_the_same_address_with_its_login() {
    for text in [
        "redis://h:1/3",
        "redis://:p%40s%2Fs@h:1/3",
        "redis://a%3Ab:p%25@[::1]:6380/2",
        "unix://u:p@/run/my%20redis.sock?db=4",
        "unix:///run/redis.sock",
        "rediss://u:p@h:1/0?ssl_cert_reqs=none&ssl_ca_certs=%2Fetc%2Fca+1.crt",
    ] {
        let endpoint = Endpoint::parse(text).unwrap();
        let url = endpoint.client_url().unwrap();
        assert!(Endpoint::parse(&url).unwrap() == endpoint, "{text} became {url}");
    }
    let sentinel = Endpoint::parse("redis+sentinel://a,b:2/mymaster/5").unwrap();
    assert_eq!(sentinel.client_url(), None);
}
