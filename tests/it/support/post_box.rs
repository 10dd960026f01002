//! A web server that takes any number of messages, answers as the test wants, or never.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, AtomicU16, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use serde_json::Value;

/// Listens on a free port of 127.0.0.1 until it is dropped.
pub(crate) struct PostBox {
    address: String,
    inner: Arc<Inner>,
    thread: Option<JoinHandle<()>>,
}

struct Inner {
    /// The status of answers; 0 for never answering.
    status: AtomicU16,
    stop: AtomicBool,
    requests: Mutex<Vec<Message>>,
    /// Whoever waits for an answer.
    kept: Mutex<Vec<TcpStream>>,
}

/// A message that came.
#[derive(Debug, Clone)]
pub(crate) struct Message {
    /// The head as it came.
    pub(crate) head: String,
    /// The body as it came.
    pub(crate) body: String,
    /// What it was answered.
    pub(crate) status: u16,
}

impl Message {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// A field of the head.
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl PostBox {
    /// Answers with a status; 0 keeps everybody waiting.
    pub(crate) fn answering(status: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let inner = Arc::new(Inner {
            status: AtomicU16::new(status),
            stop: AtomicBool::new(false),
            requests: Mutex::default(),
            kept: Mutex::default(),
        });
        let own = Arc::clone(&inner);
        let thread = std::thread::spawn(move || {
            for stream in listener.incoming() {
                if own.stop.load(Ordering::Relaxed) {
                    return;
                }
                own.serve(stream.unwrap());
            }
        });
        Self { address, inner, thread: Some(thread) }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/hook", self.address)
    }

    /// Answers otherwise from now on.
    pub(crate) fn answer(&self, status: u16) {
        self.inner.status.store(status, Ordering::Relaxed);
    }

    /// What came so far.
    pub(crate) fn messages(&self) -> Vec<Message> {
        self.inner.requests.lock().unwrap().clone()
    }

    /// State and alert of what was taken so far.
    pub(crate) fn taken(&self) -> Vec<String> {
        let messages = self.messages();
        let taken = messages.iter().filter(|message| message.status == 200);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        taken
            .map(|message| {
                let json = message.json();
                format!("{} {}", word(&json["state"]), word(&json["alert"]))
            })
            .collect()
    }
}

impl Inner {
    fn serve(&self, mut stream: TcpStream) {
        stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        let Some((head, body)) = read_message(&mut stream) else { return };
        let status = self.status.load(Ordering::Relaxed);
        self.requests.lock().unwrap().push(Message { head, body, status });
        if status == 0 {
            self.kept.lock().unwrap().push(stream);
            return;
        }
        let _ = write!(stream, "HTTP/1.1 {status} So\r\nContent-Length: 0\r\n\r\n");
    }
}

impl Drop for PostBox {
    fn drop(&mut self) {
        self.inner.stop.store(true, Ordering::Relaxed);
        // It looks at the flag when somebody comes.
        let _ = TcpStream::connect(&self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn read_message(stream: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("Content-Length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return Some((head.to_owned(), body.to_owned()));
            }
        }
        match stream.read(&mut buffer) {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&buffer[..read]),
        }
    }
}
