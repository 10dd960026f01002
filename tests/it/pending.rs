//! `show-pending-jobs` on real Redis, with payloads that Python pickled.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::support::bench_dir::BenchDir;
use crate::support::env::{Run, jobctl};
use crate::support::redis::RedisServer;
use crate::support::rq::Rq;

/// Enqueues as Frappe does; `add` gives no id where the caller names none (v14).
const FRAPPE: &str = r"
EXECUTE = 'frappe.utils.background_jobs.execute_job'
SCHEDULED = 'frappe.core.doctype.scheduled_job_type.scheduled_job_type.run_scheduled_job'
DOC_METHOD = 'frappe.utils.background_jobs.run_doc_method'

def add(queue, site, method, id=None, **inner):
    kwargs = dict(site=site, user='Administrator', method=method, event=None,
                  job_name=str(method), is_async=True, kwargs=inner)
    job = Job.create(EXECUTE, kwargs=kwargs, id=id, connection=connection, timeout=300,
                     result_ttl=600, failure_ttl=604800)
    return Queue(queue, connection=connection).enqueue_job(job).id
";

/// What a bench holds whose queue `default` has one job of each kind on two sites.
const KINDS: &str = r"
def fill(name):
    for site in ['erp', 'erp.example']:
        add('b:default', site, 'app.imports.run', name(site, 'a'))
        add('b:default', site, 'app.imports.run', name(site, 'b'))
        add('b:default', site, SCHEDULED, name(site, 'c'), job_type='frappe.monitor.flush')
        add('b:default', site, DOC_METHOD, name(site, 'd'), doctype='Sales Invoice',
            name='SINV-0001', doc_method='submit')
        add('b:default', site, work.ok, name(site, 'e'), amount=7)
";

fn show(bench: &BenchDir, arguments: &[&str]) -> Run {
    let head = ["--bench", bench.path().to_str().unwrap(), "show-pending-jobs"];
    jobctl(head.iter().chain(arguments)).run()
}

fn data(run: &Run) -> Value {
    let report: Value = serde_json::from_str(&run.stdout).expect(&run.stderr);
    report["data"].clone()
}

fn json(bench: &BenchDir, arguments: &[&str]) -> Value {
    let run = show(bench, &[arguments, &["-o", "json"]].concat());
    assert_eq!(run.code, 0, "{}", run.stderr);
    data(&run)
}

/// A list of lines as a map from a name to a count.
fn counts(lines: &Value, name: &str, count: &str) -> BTreeMap<String, u64> {
    let lines = lines.as_array().unwrap();
    lines
        .iter()
        .map(|line| {
            let name = line[name].as_str().or(line["why"].as_str()).unwrap_or("null");
            (name.to_owned(), line[count].as_u64().unwrap())
        })
        .collect()
}

fn map(pairs: &[(&str, u64)]) -> BTreeMap<String, u64> {
    pairs.iter().map(|(name, count)| ((*name).to_owned(), *count)).collect()
}

fn methods(data: &Value) -> BTreeMap<String, u64> {
    counts(&data["by_method"], "method", "count")
}

fn sites(data: &Value) -> BTreeMap<String, u64> {
    counts(&data["by_site"], "site", "count")
}

/// Whether it is sampled, how many jobs were looked at, and of how many.
fn marks(data: &Value) -> (Option<bool>, Option<u64>, Option<u64>) {
    (data["sampled"].as_bool(), data["looked_at"].as_u64(), data["of"].as_u64())
}

fn queue<'d>(data: &'d Value, name: &str) -> &'d Value {
    data["queues"].as_array().unwrap().iter().find(|queue| queue["name"] == name).unwrap()
}

#[test]
fn pending_jobs_of_three_generations_are_counted_under_what_they_really_call() {
    for (release, name) in [
        ("1.14.1", "lambda site, tail: None"),
        ("1.15.1", "lambda site, tail: f'{site}::{tail}'"),
        ("2.6.1", "lambda site, tail: f'{site}||{tail}'"),
    ] {
        let server = RedisServer::start();
        let bench = BenchDir::new(&server, "b", &["erp", "erp.example"]);
        Rq::version(release).python(&server, &format!("{FRAPPE}{KINDS}\nfill({name})"));
        let data = json(&bench, &[]);
        let expected = [
            ("app.imports.run", 4),
            ("frappe.monitor.flush", 2),
            ("Sales Invoice.submit", 2),
            ("work.ok", 2),
        ];
        assert_eq!(methods(&data), map(&expected), "{release}");
        assert_eq!(sites(&data), map(&[("erp", 5), ("erp.example", 5)]), "{release}");
        let scheduled = counts(&data["by_method"], "method", "scheduled");
        assert_eq!(scheduled["frappe.monitor.flush"], 2);
        assert_eq!(scheduled["app.imports.run"], 0);
        let default = queue(&data, "default");
        assert_eq!((&default["queued"], &default["full_name"]), (&10.into(), &"b:default".into()));
        assert!(default["oldest_age_s"].as_f64().unwrap() < 3600.0);
        assert_eq!(marks(&data), (Some(false), Some(10), Some(10)));
        assert_eq!(json(&bench, &["--exact"])["by_method"], data["by_method"], "{release}");
    }
}

#[test]
fn pending_of_one_site_leaves_out_the_site_whose_name_begins_alike() {
    for (release, name) in [
        ("1.14.1", "lambda site, tail: None"),
        ("1.16.2", "lambda site, tail: f'{site}::{tail}'"),
        ("3.0.0", "lambda site, tail: None"),
    ] {
        let server = RedisServer::start();
        let bench = BenchDir::new(&server, "b", &["erp", "erp.example"]);
        let rq = Rq::version(release);
        rq.python(&server, &format!("{FRAPPE}{KINDS}\nfill({name})"));
        if release == "1.16.2" {
            rq.python(
                &server,
                "for id in ['erp::f1', 'erp.example::f1', 'erp.example::f2']:
                     connection.zadd('rq:failed:b:default', {id: 1e12})",
            );
        }
        let data = json(&bench, &["--site", "erp"]);
        assert_eq!(sites(&data), map(&[("erp", 5)]), "{release}");
        assert_eq!(queue(&data, "default")["queued"], 5, "{release}");
        assert_eq!(methods(&data)["app.imports.run"], 2, "{release}");
        let failed = u64::from(release == "1.16.2");
        assert_eq!(data["totals"]["failed"], failed, "{release}");
        let both = json(&bench, &["--site", "erp", "--site", "erp.example"]);
        assert_eq!(both["totals"]["pending"], 10, "{release}");
    }
}

#[test]
fn pending_of_a_site_that_the_bench_does_not_have_is_not_found() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["erp.example"]);
    let run = show(&bench, &["--site", "erp"]);
    assert_eq!(run.code, 66);
    assert!(run.stderr.contains("erp.example"), "{}", run.stderr);
}

#[test]
fn pending_jobs_that_cannot_be_read_are_counted_by_name_and_stay() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["erp"]);
    Rq::version("1.15.1").python(
        &server,
        &format!(
            "{FRAPPE}
add('b:default', 'erp', 'app.imports.run', 'erp::good')
add('b:default', 'erp', 'app.imports.run', 'erp::bad')
connection.hset('rq:job:erp::bad', 'data', b'\\x80\\x05no pickle')
add('b:default', 'erp', 'app.imports.run', 'erp::empty')
connection.hdel('rq:job:erp::empty', 'data')
connection.rpush('rq:queue:b:default', 'erp::gone')
connection.rpush('rq:queue:b:default', 'erp::list')
connection.rpush('rq:job:erp::list', 'not a hash')
Queue('b:default', connection=connection).enqueue(work.ok, 1)
connection.set('rq:failed:b:long', 'another type')"
        ),
    );
    let run = show(&bench, &["-o", "json"]);
    assert_eq!(run.code, 0, "{}", run.stderr);
    let expected = [
        ("app.imports.run", 1),
        ("work.ok", 1),
        ("(undecodable)", 1),
        ("(no payload)", 2),
        ("(refused)", 1),
    ];
    assert_eq!(methods(&data(&run)), map(&expected));
    assert_eq!(sites(&data(&run)), map(&[("erp", 5), ("no site", 1)]));
    assert_eq!(queue(&data(&run), "long")["failed"], Value::Null);
    for word in ["(undecodable)", "(no payload)", "(refused)", "plain RQ", "another type"] {
        assert!(run.stdout.contains(word), "{word}: {}", run.stdout);
    }
    let table = show(&bench, &["-o", "table"]);
    assert!(table.stdout.starts_with("6 pending"), "{}", table.stdout);
    let mut client = server.client();
    let left: u64 = redis::cmd("LLEN").arg("rq:queue:b:default").query(&mut client).unwrap();
    assert_eq!(left, 6);
}

#[test]
fn pending_jobs_of_two_benches_with_the_same_site_are_told_apart() {
    let server = RedisServer::start();
    let ours = BenchDir::new(&server, "ours", &["erp"]);
    let theirs = BenchDir::new(&server, "theirs", &["erp"]);
    let rq = Rq::version("1.15.1");
    rq.python(
        &server,
        &format!(
            "{FRAPPE}
add('ours:short', 'erp', 'app.a', 'erp::1')
add('theirs:short', 'erp', 'app.b', 'erp::2')
add('theirs:short', 'erp', 'app.b', 'erp::3')"
        ),
    );
    for exact in [&[][..], &["--exact"], &["--site", "erp"]] {
        assert_eq!(methods(&json(&ours, exact)), map(&[("app.a", 1)]));
        assert_eq!(methods(&json(&theirs, exact)), map(&[("app.b", 2)]));
    }
    assert!(!show(&ours, &["--jobs"]).stdout.contains("app.b"));
}

#[test]
fn pending_with_only_other_prefixes_in_redis_is_unknown() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "mistyped", &["erp"]);
    assert_eq!(show(&bench, &[]).code, 0, "an empty Redis says nothing against the prefix");
    Rq::version("1.15.1")
        .python(&server, &format!("{FRAPPE}add('real:short', 'erp', 'app.a', 'erp::1')"));
    for arguments in [&["-o", "json"][..], &["--jobs", "-o", "json"]] {
        let run = show(&bench, arguments);
        assert_eq!(run.code, 3, "{}", run.stdout);
        let report: Value = serde_json::from_str(&run.stdout).unwrap();
        let note = report["notes"][0].as_str().unwrap();
        assert!(note.contains("`mistyped`") && note.contains("`real`"), "{note}");
    }
}

#[test]
fn pending_beyond_the_budget_is_sampled_from_both_ends_and_says_so() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["a", "erp", "erp.example"]);
    Rq::version("2.6.1").python(
        &server,
        r"
import pickle, zlib
def data(site, method):
    kwargs = dict(site=site, user='x', method=method, event=None, job_name=method, is_async=True, kwargs={})
    call = ('frappe.utils.background_jobs.execute_job', None, (), kwargs)
    return zlib.compress(pickle.dumps(call, 5))
connection.sadd('rq:queues', 'rq:queue:b:default', 'rq:queue:b:short')
packed = {(s, m): data(s, m) for s in ['erp', 'erp.example'] for m in ['app.early', 'app.late']}
for start in range(0, 50_000, 1_000):
    pipe = connection.pipeline(transaction=False)
    ids = []
    for n in range(start, start + 1_000):
        site = 'erp' if n % 5 == 0 else 'erp.example'
        ids.append(f'{site}||{n}')
        payload = packed[site, 'app.early' if n < 25_000 else 'app.late']
        pipe.hset(f'rq:job:{ids[-1]}', mapping={'data': payload, 'status': 'queued',
                  'enqueued_at': '2026-01-01T00:00:00.000000Z', 'origin': 'b:default'})
    queue = 'rq:queue:b:short' if start < 1_000 else 'rq:queue:b:default'
    pipe.rpush(queue, *ids)
    pipe.execute()
",
    );
    let sampled = json(&bench, &[]);
    let marks =
        |data: &Value| (data["sampled"].as_bool(), data["looked_at"].as_u64(), data["of"].as_u64());
    assert_eq!(marks(&sampled), (Some(true), Some(20_000), Some(50_000)));
    assert_eq!(queue(&sampled, "short")["looked_at"], 1_000);
    assert_eq!(sites(&sampled), map(&[("erp", 10_000), ("erp.example", 40_000)]));
    let estimates = counts(&sampled["by_method"], "method", "estimate");
    let total: u64 = estimates.values().sum();
    assert!((49_990..=50_010).contains(&total), "{estimates:?}");
    assert!((25_000..=26_000).contains(&estimates["app.early"]), "{estimates:?}");
    let shown = show(&bench, &["-o", "table"]).stdout;
    assert!(shown.contains("from 20,000 of 50,000 jobs") && shown.contains("--exact"), "{shown}");

    let exact = json(&bench, &["--exact"]);
    assert_eq!(marks(&exact), (Some(false), Some(50_000), Some(50_000)));
    assert_eq!(methods(&exact), map(&[("app.early", 25_000), ("app.late", 25_000)]));
    assert_eq!(exact["by_site"], sampled["by_site"]);

    let of_site = json(&bench, &["--site", "erp"]);
    assert_eq!(marks(&of_site), (Some(false), Some(10_000), Some(10_000)));
    assert_eq!(methods(&of_site), map(&[("app.early", 5_000), ("app.late", 5_000)]));
    let of_large = json(&bench, &["--site", "erp.example"]);
    assert_eq!(marks(&of_large), (Some(true), Some(20_000), Some(40_000)));
    assert_eq!(queue(&of_large, "default")["queued"], 39_200);

    let listed = show(&bench, &["--jobs", "--site", "erp"]).stdout;
    assert_eq!(listed.lines().count(), 10_001);
    let table = show(&bench, &["--jobs", "-o", "table"]).stdout;
    assert!(table.contains("only the first 1,000"), "{table}");
}

#[test]
fn pending_jobs_listed_show_call_and_hide_secrets() {
    let server = RedisServer::start();
    let bench = BenchDir::new(&server, "b", &["erp"]);
    Rq::version("2.6.1").python(
        &server,
        &format!(
            "{FRAPPE}
add('b:short', 'erp', SCHEDULED, 'erp||scheduled_job||x', job_type='frappe.monitor.flush')
add('b:short', 'erp', 'app.sync.pull', 'erp||1', password='hunter2', count=3)
Queue('b:short', connection=connection).enqueue(work.ok, 1, amount=2, job_id='plain')"
        ),
    );
    let run = show(&bench, &["--jobs", "-o", "json"]);
    let report: Value = serde_json::from_str(&run.stdout).expect(&run.stderr);
    assert_eq!(report["schema"], "jobctl.pending-jobs/1");
    let jobs = report["data"]["jobs"].as_array().unwrap();
    let shown = |n: usize| {
        let job = &jobs[n];
        let text = |name: &str| job[name].as_str().unwrap_or("-").to_owned();
        [text("id"), text("queue"), text("site"), text("method"), text("arguments")]
    };
    assert_eq!(shown(0)[3], "frappe.monitor.flush");
    assert_eq!(shown(1), ["erp||1", "short", "erp", "app.sync.pull", "password=***, count=3"]);
    assert_eq!(shown(2), ["plain", "short", "-", "work.ok", "1, amount=2"]);
    assert!(jobs[1]["enqueued_at"].is_string() && jobs[1]["age_s"].is_number());
    assert_eq!((&jobs[0]["scheduled"], &jobs[1]["scheduled"]), (&true.into(), &false.into()));
    assert!(!show(&bench, &["--jobs", "--site", "erp"]).stdout.contains("plain"));
}

#[test]
fn pending_for_a_user_that_may_only_read_is_the_same() {
    let server = RedisServer::builder().acl(&["user looker on >pw ~* +@read"]).start();
    let bench = BenchDir::new(&server, "b", &["erp", "erp.example"]);
    let script = format!("{FRAPPE}{KINDS}\nfill(lambda site, tail: f'{{site}}::{{tail}}')");
    Rq::version("1.15.1").python(&server, &script);
    let full = json(&bench, &[]);
    let run = jobctl([
        "--bench",
        bench.path().to_str().unwrap(),
        "--redis",
        &server.url_as("looker", "pw"),
        "show-pending-jobs",
        "-o",
        "json",
    ])
    .run();
    assert_eq!(run.code, 0, "{}", run.stderr);
    for part in ["by_method", "by_site", "totals"] {
        assert_eq!(data(&run)[part], full[part]);
    }
    let report: Value = serde_json::from_str(&run.stdout).unwrap();
    assert_eq!(report["notes"], Value::Array(Vec::new()));
}
