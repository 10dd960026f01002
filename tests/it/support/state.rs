//! What RQ leaves in Redis, written by hand: for states that real workers are seldom in.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;

use jiff::Timestamp;

use super::redis::RedisServer;

/// A date as RQ writes it, some seconds before now.
pub(crate) fn ago(seconds: i64) -> String {
    let at = Timestamp::from_microsecond(Timestamp::now().as_microsecond() - seconds * 1_000_000);
    at.unwrap().strftime("%Y-%m-%dT%H:%M:%S.%6fZ").to_string()
}

/// A registry's score, some seconds after now; negative for before.
pub(crate) fn in_s(seconds: i64) -> String {
    (Timestamp::now().as_second() + seconds).to_string()
}

/// The description that Frappe gives a job.
pub(crate) fn description(site: &str, method: &str) -> String {
    format!(
        "frappe.utils.background_jobs.execute_job(event=None, is_async=True, job_name='{method}', \
         kwargs={{}}, method='{method}', site='{site}', user='Administrator')"
    )
}

/// A job about to be written: as RQ 1.16 leaves a queued one, enqueued a second ago.
pub(crate) struct Job<'s> {
    server: &'s RedisServer,
    id: Vec<u8>,
    fields: BTreeMap<String, Vec<u8>>,
    ttl_s: Option<u64>,
}

/// A job called `id` on `queue`.
pub(crate) fn job<'s>(server: &'s RedisServer, queue: &str, id: impl AsRef<[u8]>) -> Job<'s> {
    let job = Job { server, id: id.as_ref().to_vec(), fields: BTreeMap::new(), ttl_s: None };
    let job =
        job.set("status", "queued").set("origin", queue).set("data", "x").set("timeout", "300");
    let job = job.set("created_at", ago(1)).set("enqueued_at", ago(1)).set("started_at", "");
    job.set("ended_at", "").set("description", description("site1.localhost", "app.tasks.run"))
}

impl Job<'_> {
    pub(crate) fn set(mut self, field: &str, value: impl AsRef<[u8]>) -> Self {
        self.fields.insert(field.to_owned(), value.as_ref().to_vec());
        self
    }

    pub(crate) fn unset(mut self, field: &str) -> Self {
        self.fields.remove(field);
        self
    }

    /// Enqueued some seconds ago.
    pub(crate) fn waited(self, seconds: i64) -> Self {
        self.set("enqueued_at", ago(seconds)).set("created_at", ago(seconds))
    }

    /// Started some seconds ago.
    pub(crate) fn started(self, seconds: i64) -> Self {
        self.waited(seconds + 1).set("status", "started").set("started_at", ago(seconds))
    }

    /// Ended with `status` some seconds ago.
    pub(crate) fn ended(self, status: &str, seconds: i64) -> Self {
        self.started(seconds + 1).set("status", status).set("ended_at", ago(seconds))
    }

    /// The hash expires after this time.
    pub(crate) fn expires_in(mut self, seconds: u64) -> Self {
        self.ttl_s = Some(seconds);
        self
    }

    /// Writes the hash alone.
    pub(crate) fn save(self) {
        let mut client = self.server.client();
        let key = [b"rq:job:".as_slice(), &self.id].concat();
        let mut hset = redis::cmd("HSET");
        hset.arg(&key);
        for (field, value) in &self.fields {
            hset.arg(field).arg(value);
        }
        hset.exec(&mut client).unwrap();
        if let Some(ttl_s) = self.ttl_s {
            redis::cmd("EXPIRE").arg(&key).arg(ttl_s).exec(&mut client).unwrap();
        }
    }

    /// Writes the hash and puts the id into a list or a set of the job's queue: `queue`,
    /// `queue:intermediate`, or a registry such as `wip`, with its score.
    pub(crate) fn save_in(self, place: &str, score: Option<&str>) {
        let (server, id) = (self.server, self.id.clone());
        let queue = String::from_utf8(self.fields["origin"].clone()).unwrap();
        self.save();
        put(server, place, &queue, &id, score);
    }

    /// Writes the hash and puts the id at the end of its queue.
    pub(crate) fn wait(self) {
        self.save_in("queue", None);
    }
}

/// Puts an id into a place of a queue, as [`Job::save_in`] does, without a job.
pub(crate) fn put(server: &RedisServer, place: &str, queue: &str, id: &[u8], score: Option<&str>) {
    let mut client = server.client();
    know(server, queue);
    match (place, score) {
        ("queue", _) => {
            redis::cmd("RPUSH").arg(format!("rq:queue:{queue}")).arg(id).exec(&mut client).unwrap();
        }
        ("intermediate", _) => {
            let key = format!("rq:queue:{queue}:intermediate");
            redis::cmd("RPUSH").arg(key).arg(id).exec(&mut client).unwrap();
        }
        (registry, score) => {
            let key = format!("rq:{registry}:{queue}");
            redis::cmd("ZADD").arg(key).arg(score.unwrap()).arg(id).exec(&mut client).unwrap();
        }
    }
}

/// Makes a queue known to Redis.
pub(crate) fn know(server: &RedisServer, queue: &str) {
    server.cmd(&["SADD", "rq:queues", &format!("rq:queue:{queue}")]);
}

/// A worker's registration and its listening connection; the latter ends with the value.
pub(crate) struct FakeWorker {
    listener: Option<UnixStream>,
}

impl FakeWorker {
    /// Stops listening, as a process that was killed does. The registration stays.
    pub(crate) fn kill(&mut self) {
        self.listener = None;
    }
}

/// A worker about to be registered: idle, of another host, with RQ 1.16.2.
pub(crate) struct Registration<'s> {
    server: &'s RedisServer,
    name: String,
    fields: BTreeMap<String, String>,
    key_ttl_s: u64,
    listens: bool,
}

/// A worker called `name` for `queues`.
pub(crate) fn worker<'s>(server: &'s RedisServer, name: &str, queues: &[&str]) -> Registration<'s> {
    let fields = [
        ("birth", ago(3_600)),
        ("last_heartbeat", ago(20)),
        ("queues", queues.join(",")),
        ("pid", "4711".to_owned()),
        ("hostname", "another-host".to_owned()),
        ("version", "1.16.2".to_owned()),
        ("python_version", "3.11.2 (main)".to_owned()),
        ("state", "idle".to_owned()),
    ];
    let fields = fields.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
    Registration { server, name: name.to_owned(), fields, key_ttl_s: 460, listens: true }
}

impl Registration<'_> {
    pub(crate) fn set(mut self, field: &str, value: impl Into<String>) -> Self {
        self.fields.insert(field.to_owned(), value.into());
        self
    }

    /// Its last heartbeat was some seconds ago; an idle worker's key lives 480 s from then on, a
    /// busy one's 90 s.
    pub(crate) fn silent(mut self, seconds: i64) -> Self {
        let full = if self.fields["state"] == "busy" { 90 } else { 480 };
        self.key_ttl_s = u64::try_from((full - seconds).max(1)).unwrap();
        self.set("last_heartbeat", ago(seconds))
    }

    /// The key lives for so long.
    pub(crate) fn expires_in(mut self, seconds: u64) -> Self {
        self.key_ttl_s = seconds;
        self
    }

    /// Nobody listens for its commands.
    pub(crate) fn deaf(mut self) -> Self {
        self.listens = false;
        self
    }

    /// Registers it, and waits until its connection listens.
    pub(crate) fn start(self) -> FakeWorker {
        self.server.cmd(&["SADD", "rq:workers", &format!("rq:worker:{}", self.name)]);
        self.start_unregistered()
    }

    /// Writes the hash and listens, without a place in the set of workers.
    pub(crate) fn start_unregistered(self) -> FakeWorker {
        let mut client = self.server.client();
        let key = format!("rq:worker:{}", self.name);
        let fields: Vec<(&String, &String)> = self.fields.iter().collect();
        redis::cmd("HSET").arg(&key).arg(&fields).exec(&mut client).unwrap();
        redis::cmd("EXPIRE").arg(&key).arg(self.key_ttl_s).exec(&mut client).unwrap();
        let listener = self.listens.then(|| listen(self.server, &self.name));
        FakeWorker { listener }
    }
}

/// Subscribes to a worker's channel.
pub(crate) fn listen(server: &RedisServer, worker: &str) -> UnixStream {
    let mut socket = UnixStream::connect(server.socket()).unwrap();
    let channel = format!("rq:pubsub:{worker}");
    write!(socket, "*2\r\n$9\r\nSUBSCRIBE\r\n${}\r\n{channel}\r\n", channel.len()).unwrap();
    let mut reply = String::new();
    // The answer is an array of three: the word, the channel, the number of channels.
    BufReader::new(&socket).read_line(&mut reply).unwrap();
    assert!(reply.starts_with('*'), "{reply}");
    socket
}
