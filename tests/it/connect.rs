//! Connections to real servers: every way in, every way of failing, each within its time.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::os::unix::net::UnixListener;
use std::time::{Duration, Instant};

use jobctl::backend::redis::{Endpoint, Item, Link, ReplyErrorKind, connect};
use jobctl::error::{Kind, failure_of};
use redis::{Value, cmd, pipe};

use crate::support::redis::{RedisServer, Sentinel, free_port};
use crate::support::wait::wait_until;

const TIMEOUT: Duration = Duration::from_secs(10);
/// For servers that never answer.
const SHORT: Duration = Duration::from_millis(300);
/// What scheduling on a busy machine may add to a time limit.
const SLACK: Duration = Duration::from_secs(2);

fn link(url: &str) -> Link {
    connect(&Endpoint::parse(url).unwrap(), TIMEOUT, "queue Redis").unwrap()
}

fn get(link: &mut Link, key: &str) -> Value {
    link.command(cmd("GET").arg(key)).unwrap().unwrap()
}

fn bytes(text: &str) -> Value {
    Value::BulkString(text.as_bytes().to_vec())
}

/// The failure of connecting to `url` and asking once.
fn failure(url: &str, timeout: Duration) -> (Kind, String) {
    failure_at(&Endpoint::parse(url).unwrap(), timeout)
}

fn failure_at(endpoint: &Endpoint, timeout: Duration) -> (Kind, String) {
    let outcome =
        connect(endpoint, timeout, "queue Redis").and_then(|mut link| link.command(&cmd("PING")));
    let error = outcome.err().unwrap_or_else(|| panic!("{endpoint} answers"));
    let failure = failure_of(&error).expect("a named failure");
    assert!(!failure.hints().is_empty(), "{failure}");
    (failure.kind(), failure.to_string())
}

#[test]
fn connect_over_tcp_and_unix_reads_what_is_there() {
    let server = RedisServer::builder().tcp().start();
    server.cmd(&["SET", "key", "value"]);
    let bare = format!("127.0.0.1:{}", server.port());
    let name = format!("redis://localhost:{}/0", server.port());
    let socket = server.socket().display().to_string();
    for url in [&server.url(), &bare, &name, &socket, &format!("unix://{socket}?db=0")] {
        assert_eq!(get(&mut link(url), "key"), bytes("value"), "{url}");
    }
}

#[test]
fn connect_with_an_endless_timeout_connects() {
    let server = RedisServer::start();
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let mut link = connect(&endpoint, Duration::MAX, "queue Redis").unwrap();
    assert_eq!(get(&mut link, "key"), Value::Nil);
}

#[test]
fn connect_without_login_or_database_sends_nothing_before_the_question() {
    let server = RedisServer::start();
    let mut link = link(&server.url());
    assert_eq!((link.round_trips(), link.latency()), (0, None));
    get(&mut link, "key");
    assert_eq!(link.round_trips(), 1);
    assert!(link.latency().unwrap() < TIMEOUT);
}

#[test]
fn connect_with_database_reads_that_database_in_one_turn() {
    let server = RedisServer::builder().password("p%/ss").start();
    let mut client = server.client();
    pipe().cmd("SELECT").arg(3).cmd("SET").arg("key").arg("third").exec(&mut client).unwrap();
    let url = format!("unix://{}?db=3&password=p%25/ss", server.socket().display());
    let mut link = link(&url);
    assert_eq!(link.round_trips(), 1);
    assert_eq!(get(&mut link, "key"), bytes("third"));
}

#[test]
fn connect_to_database_beyond_the_last_is_refused() {
    let server = RedisServer::start();
    let endpoint = Endpoint::parse(&format!("{}?db=99", server.url())).unwrap();
    let error = connect(&endpoint, TIMEOUT, "queue Redis").err().unwrap();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::Config);
    assert!(error.to_string().contains("out of range"), "{error}");
}

#[test]
fn connect_with_wrong_or_no_password_is_refused_and_shows_none() {
    let server = RedisServer::builder().tcp().password("right").start();
    let port = server.port();
    for url in [
        format!("redis://:hunter2@127.0.0.1:{port}"),
        format!("redis://nobody:hunter2@127.0.0.1:{port}"),
        format!("redis://127.0.0.1:{port}"),
    ] {
        let (kind, message) = failure(&url, TIMEOUT);
        assert_eq!(kind, Kind::Refused, "{message}");
        assert!(message.contains(&format!("`redis://127.0.0.1:{port}/0`")), "{message}");
        assert!(!message.contains("hunter2"), "{message}");
    }
}

#[test]
fn connect_as_reader_by_acl_needs_no_right_but_reading() {
    let server =
        RedisServer::builder().tcp().acl(&["user anna on >s3cret ~rq:* -@all +@read"]).start();
    server.cmd(&["SET", "rq:key", "value"]);
    let mut link = link(&server.url_as("anna", "s3cret"));
    assert_eq!(get(&mut link, "rq:key"), bytes("value"));
}

#[test]
fn pipeline_with_refused_commands_keeps_the_answers_of_the_others() {
    let server = RedisServer::builder()
        .tcp()
        .acl(&["user anna on >s3cret ~rq:* -@all +@read +evalsha"])
        .start();
    server.cmd(&["SET", "rq:key", "value"]);
    server.cmd(&["SET", "other", "hidden"]);
    let mut link = link(&server.url_as("anna", "s3cret"));
    let mut commands = pipe();
    commands.cmd("GET").arg("rq:key");
    commands.cmd("SET").arg("rq:key").arg("x");
    commands.cmd("GET").arg("other");
    commands.cmd("LLEN").arg("rq:key");
    commands.cmd("EVALSHA").arg("0".repeat(40)).arg(0);
    commands.cmd("GET").arg("rq:key");
    let before = link.round_trips();
    let replies = link.pipeline(&commands).unwrap();
    assert_eq!(link.round_trips() - before, 1);
    assert_eq!(replies[0], Ok(bytes("value")));
    assert_eq!(replies[5], Ok(bytes("value")));
    let kinds: Vec<_> =
        replies[1..5].iter().map(|reply| reply.as_ref().unwrap_err().kind).collect();
    let denied = ReplyErrorKind::Denied;
    assert_eq!(kinds, [denied, denied, ReplyErrorKind::WrongType, ReplyErrorKind::NoScript]);
    let failure = link.refused("read the queues", replies[1].as_ref().unwrap_err());
    assert_eq!((failure.kind(), failure.hints().len()), (Kind::Refused, 1));
}

#[test]
fn pipeline_that_is_atomic_gives_one_reply_for_each_command() {
    let server = RedisServer::start();
    let mut link = link(&server.url());
    let mut commands = pipe();
    commands.atomic().cmd("SET").arg("key").arg("1").cmd("LLEN").arg("key").cmd("GET").arg("key");
    let replies = link.pipeline(&commands).unwrap();
    assert_eq!(replies.len(), 3);
    assert_eq!(replies[1].as_ref().unwrap_err().kind, ReplyErrorKind::WrongType);
    assert_eq!(replies[2], Ok(bytes("1")));
    commands.cmd("NOSUCHCOMMAND");
    let replies = link.pipeline(&commands).unwrap();
    assert_eq!(replies.len(), 4);
    assert!(replies.iter().all(Result::is_err), "{replies:?}");
}

#[test]
fn pipeline_while_a_script_blocks_the_server_says_so() {
    let server = RedisServer::builder().config("busy-reply-threshold", "1").start();
    let mut blocker = server.client();
    let spinning = std::thread::spawn(move || {
        redis::cmd("EVAL").arg("while true do end").arg(0).exec(&mut blocker)
    });
    let error = wait_until(TIMEOUT, "the server to be busy", || {
        link(&server.url()).command(&cmd("PING")).err()
    });
    let failure = failure_of(&error).unwrap();
    assert_eq!(failure.kind(), Kind::TryAgain);
    assert!(failure.hints()[0].contains("SCRIPT KILL"), "{failure:?}");
    link(&server.url()).command(cmd("SCRIPT").arg("KILL")).unwrap().unwrap();
    assert!(spinning.join().unwrap().is_err());
}

#[test]
fn stream_of_many_commands_visits_every_element_in_order() {
    let server = RedisServer::start();
    let mut commands = pipe();
    let body = "x".repeat(4000);
    for id in 0..5000 {
        commands.cmd("HSET").arg(format!("rq:job:{id}")).arg("data").arg(format!("{id} {body}"));
    }
    let mut link = link(&server.url());
    // 20 MB of commands, far more than the sockets hold.
    assert!(link.pipeline(&commands).unwrap().iter().all(Result::is_ok));
    let (mut sent, mut seen) = (0, 0);
    let before = link.round_trips();
    link.stream(
        256,
        |out| {
            let id = sent.to_string();
            out.push(&[&[b"HMGET"], &[b"rq:job:", id.as_bytes()], &[b"data"], &[b"absent"]]);
            sent += 1;
            sent <= 5000
        },
        |index, item| match item {
            Item::Bytes(bytes) => {
                assert_eq!(index, seen);
                assert!(bytes.starts_with(format!("{seen} x").as_bytes()));
            }
            item => {
                assert_eq!(item, Item::Nil);
                seen += 1;
            }
        },
    )
    .unwrap();
    assert_eq!((seen, link.round_trips() - before), (5000, 1));
}

#[test]
fn tls_with_its_authority_connects() {
    let server = RedisServer::builder().tls().password("s3cret").start();
    server.cmd(&["SET", "key", "value"]);
    let ca = server.ca_file().display().to_string();
    let mut link = link(&format!("{}?ssl_ca_certs={ca}", server.tls_url()));
    assert_eq!(get(&mut link, "key"), bytes("value"));
    assert_eq!(link.round_trips(), 2);
}

#[test]
fn tls_without_checking_connects_and_with_a_foreign_authority_does_not() {
    let server = RedisServer::builder().tls().start();
    get(&mut link(&format!("{}?ssl_cert_reqs=none", server.tls_url())), "key");
    let foreign = server.foreign_ca_file().display().to_string();
    for url in [server.tls_url(), format!("{}?ssl_ca_certs={foreign}", server.tls_url())] {
        let (kind, message) = failure(&url, TIMEOUT);
        assert_eq!(kind, Kind::Unreachable, "{message}");
        assert!(message.contains("certificate is not accepted: its issuer is"), "{message}");
    }
}

#[test]
fn tls_with_another_host_name_connects_only_where_the_name_is_not_checked() {
    let server = RedisServer::builder().tls().start();
    let ca = server.ca_file().display().to_string();
    // The certificate is for the address alone.
    let url = server.tls_url().replace("127.0.0.1", "localhost") + "?ssl_ca_certs=" + &ca;
    let (kind, message) = failure(&url, TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    let words = "not accepted: it is made out to `127.0.0.1`, not to `localhost`";
    assert!(message.contains(words), "{message}");
    get(&mut link(&format!("{url}&ssl_check_hostname=false")), "key");
}

#[test]
fn tls_with_a_client_certificate_connects_and_without_is_turned_away() {
    let server = RedisServer::builder().tls().config("tls-auth-clients", "yes").start();
    let ca = server.ca_file().display().to_string();
    let (certificate, key) = server.client_files();
    let url = format!("{}?ssl_ca_certs={ca}", server.tls_url());
    let own = format!("{url}&ssl_certfile={}&ssl_keyfile={}", certificate.display(), key.display());
    get(&mut link(&own), "key");
    assert_eq!(failure(&url, TIMEOUT).0, Kind::Unreachable);
}

#[test]
fn tls_with_a_file_that_is_absent_names_it() {
    let endpoint = Endpoint::parse("rediss://127.0.0.1:1?ssl_ca_certs=/nowhere/ca.crt").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let url = format!("rediss://127.0.0.1:{port}?ssl_ca_certs=/nowhere/ca.crt");
    for (endpoint, kind) in
        [(endpoint, Kind::Unreachable), (Endpoint::parse(&url).unwrap(), Kind::Config)]
    {
        let error = connect(&endpoint, SHORT, "queue Redis").err().unwrap();
        assert_eq!(failure_of(&error).unwrap().kind(), kind, "{error}");
        assert_eq!(error.to_string().contains("/nowhere/ca.crt"), kind == Kind::Config);
    }
}

#[test]
fn tls_and_plain_mixed_up_is_unreachable_with_the_scheme_in_the_hint() {
    let server = RedisServer::builder().tcp().tls().start();
    // A Redis without TLS waits for the rest of what it takes for a command.
    let encrypted = format!("rediss://127.0.0.1:{}", server.port());
    let plain = server.tls_url().replace("rediss", "redis");
    for url in [encrypted, plain] {
        let endpoint = Endpoint::parse(&url).unwrap();
        let outcome = connect(&endpoint, SHORT, "queue Redis")
            .and_then(|mut link| link.command(&cmd("PING")));
        let error = outcome.unwrap_err();
        let failure = failure_of(&error).unwrap();
        assert_eq!(failure.kind(), Kind::Unreachable);
        assert!(failure.hints()[0].contains("rediss://"), "{failure:?}");
    }
}

#[test]
fn sentinel_leads_to_the_master_past_a_dead_node() {
    let server = RedisServer::builder().tcp().password("s3cret").start();
    server.cmd(&["SET", "key", "value"]);
    let sentinel = Sentinel::start(&server, "bench");
    let dead = format!("127.0.0.1:{}", free_port());
    let url = format!("redis+sentinel://:s3cret@{dead},{}/bench/0", sentinel.node());
    assert_eq!(get(&mut link(&url), "key"), bytes("value"));
    let built = Endpoint::parse("redis://ignored:1/0")
        .unwrap()
        .with_password("s3cret")
        .through_sentinel(&[sentinel.node()], "bench", None, None)
        .unwrap();
    let mut link = connect(&built, TIMEOUT, "queue Redis").unwrap();
    assert_eq!(get(&mut link, "key"), bytes("value"));
}

#[test]
fn sentinel_that_cannot_help_is_named() {
    let server = RedisServer::builder().tcp().password("s3cret").start();
    let sentinel = Sentinel::start(&server, "bench");
    let node = sentinel.node();
    let (kind, message) = failure(&format!("redis+sentinel://{node}/other"), TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.contains("no service `other`"), "{message}");
    let dead = format!("127.0.0.1:{}", free_port());
    let (kind, message) = failure(&format!("redis+sentinel://{dead}/bench"), TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.contains(&format!("sentinel `{dead}`: connection refused")), "{message}");
    let (kind, _) = failure(&format!("redis+sentinel://:wrong@{node}/bench"), TIMEOUT);
    assert_eq!(kind, Kind::Refused);
}

#[test]
fn sentinel_that_names_a_replica_is_not_believed() {
    let server = RedisServer::builder().tcp().start();
    let sentinel = Sentinel::start(&server, "bench");
    server.cmd(&["REPLICAOF", "127.0.0.1", &free_port().to_string()]);
    let url = format!("redis+sentinel://{}/bench", sentinel.node());
    let (kind, message) = failure(&url, TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.contains("it is a replica"), "{message}");
}

#[test]
fn dead_port_and_absent_socket_are_unreachable_at_once() {
    let started = Instant::now();
    let (kind, message) = failure(&format!("redis://127.0.0.1:{}", free_port()), TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.ends_with("connection refused"), "{message}");
    let (kind, message) = failure("unix:///nowhere/redis.sock", TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.ends_with("the socket does not exist"), "{message}");
    let (kind, _) = failure("redis://no-such-host.invalid:1", TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(started.elapsed() < TIMEOUT);
}

#[test]
fn server_that_accepts_and_never_answers_is_unreachable_within_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let _unix = UnixListener::bind(&path).unwrap();
    for url in [
        format!("redis://{address}"),
        format!("redis://:password@{address}/3"),
        format!("rediss://{address}?ssl_cert_reqs=none"),
        format!("redis+sentinel://{address}/bench"),
        format!("unix://{}", path.display()),
    ] {
        let started = Instant::now();
        let (kind, message) = failure(&url, SHORT);
        assert!(started.elapsed() < SHORT + SLACK, "{url}: {:?}", started.elapsed());
        assert!(started.elapsed() >= SHORT, "{url}: {:?}", started.elapsed());
        assert_eq!(kind, Kind::Unreachable, "{url}");
        assert!(message.contains("no answer within 300ms"), "{message}");
    }
}

#[test]
fn login_that_trickles_in_byte_by_byte_ends_within_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        while socket.write_all(b"+").is_ok() {
            std::thread::sleep(SHORT / 10);
        }
    });
    let started = Instant::now();
    let (kind, _) = failure(&format!("redis://:password@{address}"), SHORT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(started.elapsed() < SHORT + SLACK, "{:?}", started.elapsed());
}

#[test]
fn link_whose_server_stalls_after_an_answer_says_try_again_and_stays_lost() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"+PONG\r\n").unwrap();
        // Reads on until the other side closes, and says no more.
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let endpoint = Endpoint::parse(&format!("redis://{address}")).unwrap();
    let mut link = connect(&endpoint, SHORT, "queue Redis").unwrap();
    link.command(&cmd("PING")).unwrap().unwrap();
    let error = link.command(&cmd("PING")).unwrap_err();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::TryAgain);
    let started = Instant::now();
    assert!(link.command(&cmd("PING")).is_err());
    assert!(started.elapsed() < SHORT, "asked again");
}

#[test]
fn answer_that_trickles_in_byte_by_byte_ends_within_the_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"$1000000\r\n").unwrap();
        while socket.write_all(b"x").is_ok() {
            std::thread::sleep(SHORT / 10);
        }
    });
    let endpoint = Endpoint::parse(&format!("redis://{address}")).unwrap();
    let mut link = connect(&endpoint, SHORT, "queue Redis").unwrap();
    let started = Instant::now();
    let error = link.command(cmd("GET").arg("key")).unwrap_err();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::Unreachable);
    assert!(started.elapsed() < SHORT * 2 + SLACK, "{:?}", started.elapsed());
}

#[test]
fn server_killed_between_two_questions_is_a_lost_connection() {
    let mut server = RedisServer::builder().tcp().start();
    let mut link = link(&server.url());
    get(&mut link, "key");
    server.kill();
    let error = link.command(&cmd("PING")).unwrap_err();
    assert_eq!(failure_of(&error).unwrap().kind(), Kind::Unreachable);
    assert!(error.to_string().contains("closed the connection"), "{error}");
}

#[test]
fn server_that_turns_clients_away_is_quoted() {
    let server = RedisServer::builder().tcp().config("maxclients", "1").start();
    // The connection by which the spawner saw that it is ready may not be gone yet.
    let _held = wait_until(TIMEOUT, "the only place", || {
        let mut link = link(&server.url());
        link.command(&cmd("PING")).ok().map(|_| link)
    });
    let (kind, message) = failure(&server.url(), TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.contains("max number of clients reached"), "{message}");
}

#[test]
fn something_that_is_not_redis_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        socket.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").unwrap();
        let _ = socket.read_to_end(&mut Vec::new());
    });
    let (kind, message) = failure(&format!("redis://{address}"), TIMEOUT);
    assert_eq!(kind, Kind::Unreachable);
    assert!(message.contains("not Redis' protocol"), "{message}");
}

#[test]
fn stream_to_a_peer_that_writes_before_it_reads_on_does_not_lock_up() {
    const COMMAND: &[u8] = b"*2\r\n$4\r\nECHO\r\n$5\r\n01234\r\n";
    const COMMANDS: usize = 40_000;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let listener = UnixListener::bind(&path).unwrap();
    // A proxy may be like this: while its answer is not taken, it takes no command.
    std::thread::spawn(move || {
        let (mut socket, _) = listener.accept().unwrap();
        let mut answer = format!("${}\r\n", 1000).into_bytes();
        answer.extend([b'x'; 1000]);
        answer.extend(b"\r\n");
        let mut command = [0; COMMAND.len()];
        while socket.read_exact(&mut command).is_ok() && socket.write_all(&answer).is_ok() {}
    });
    let endpoint = Endpoint::parse(path.to_str().unwrap()).unwrap();
    let mut link = connect(&endpoint, TIMEOUT, "queue Redis").unwrap();
    let (mut sent, mut seen) = (0, 0);
    link.stream(
        COMMANDS,
        |out| {
            out.push(&[&[b"ECHO"], &[b"01234"]]);
            sent += 1;
            sent <= COMMANDS
        },
        |_, _| seen += 1,
    )
    .unwrap();
    assert_eq!(seen, COMMANDS);
}
