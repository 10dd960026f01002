//! Tells a worker to stop the job that it runs, or to shut down.
//!
//! Source: RQ 1.14 to 3.0, `rq/command.py`. A worker that gets the message a second time while its
//! work horse is already gone ends its own process group, and one that cannot read a message goes
//! deaf; so it is sent once per run of a job, and written by a JSON library.

use redis::cmd;
use serde_json::json;

use super::batch::Batch;
use super::read::Store;
use super::scripts::{Call, SHUTDOWN, STOP};
use crate::error::Result;
use crate::model::id::JobId;

/// Seconds that a message is remembered: longer than any stopped callback should take.
const NOTE_S: u32 = 86_400;

/// What became of the message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StopSent {
    /// The worker has it.
    Sent,
    /// Nobody listens: the worker is gone, or its connection is.
    NobodyListens,
    /// The job does not run any more.
    NotRunning,
    /// This run was told to stop before.
    SentBefore,
    /// The worker is shutting down.
    ShuttingDown,
}

/// What became of the message to shut down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ShutdownSent {
    /// The worker has it.
    Sent,
    /// Nobody listens: the worker is gone, or its connection is.
    NobodyListens,
    /// It is not registered any more.
    NoSuchWorker,
    /// It was asked before, and is waiting for its job to end.
    AskedBefore,
}

impl Store {
    /// Whether a worker was asked to stop after its job, and has noted it.
    pub fn is_asked_to_stop(&mut self, worker: &str) -> Result<bool> {
        let mut batch = Batch::default();
        let key = self.keys().worker(worker);
        let asked = cmd("HGET").arg(key).arg("shutdown_requested_date").take();
        let asked = batch.add("HGET shutdown_requested_date", asked);
        // What cannot be read was not noted.
        let asked: Option<String> = self.run(batch)?.get(asked).unwrap_or_default();
        Ok(asked.is_some_and(|date| !date.is_empty()))
    }

    /// Tells a worker to shut down after its job; where it was asked before, only `again`, upon which
    /// it ends without its job. One script. Source: RQ 1.9 to 3.0, `rq/command.py`
    /// `handle_shutdown_command`: the worker sends itself SIGINT.
    ///
    /// Errors: `Refused` where the login may not publish on the worker's channel.
    pub fn send_shutdown(&mut self, worker: &str, again: bool) -> Result<ShutdownSent> {
        let names = self.keys();
        let mut call = Call::default();
        call.key(&names.worker(worker));
        call.arg(names.pubsub(worker).as_bytes()).arg(json!({"command": "shutdown"}).to_string());
        call.number(u32::from(again));
        let code: i64 = match SHUTDOWN.ask(self.link(), &call)? {
            Ok(code) => code,
            Err(error) => {
                return Err(self.link().refused("tell the worker to shut down", &error).into());
            }
        };
        Ok(match code {
            -2 => ShutdownSent::AskedBefore,
            -1 => ShutdownSent::NoSuchWorker,
            0 => ShutdownSent::NobodyListens,
            _ => ShutdownSent::Sent,
        })
    }

    /// Sends the message, if the job still runs and was not told before. One script.
    ///
    /// Errors: `Refused` where the login may not publish on the worker's channel.
    pub fn send_stop(&mut self, id: &JobId, worker: &str) -> Result<StopSent> {
        let names = self.keys();
        let message = json!({"command": "stop-job", "job_id": id.text()}).to_string();
        let mut call = Call::default();
        call.key(&names.job(id.as_bytes())).key(&names.stop_note(id.as_bytes()));
        call.key(&names.worker(worker));
        call.arg(names.pubsub(worker).as_bytes()).arg(message).arg(worker).number(NOTE_S);
        let code: i64 = match STOP.ask(self.link(), &call)? {
            Ok(code) => code,
            Err(error) => {
                return Err(self.link().refused("tell the worker to stop", &error).into());
            }
        };
        Ok(match code {
            -1 => StopSent::NotRunning,
            -2 => StopSent::SentBefore,
            -3 => StopSent::ShuttingDown,
            0 => StopSent::NobodyListens,
            _ => StopSent::Sent,
        })
    }
}
