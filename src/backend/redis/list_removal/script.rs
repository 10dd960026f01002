//! Running a script by its hash.

use std::sync::OnceLock;

use redis::{Cmd, FromRedisValue, Value, cmd};

use super::super::keys::Key;
use super::super::read::Store;
use super::super::reply::ReplyErrorKind;
use crate::error::{Failure, Kind, Result};

/// A script and, once a server took it, its hash.
pub(in crate::backend::redis) struct Script {
    text: &'static str,
    /// The same on every server: the SHA-1 of the text.
    hash: OnceLock<String>,
}

impl Script {
    pub(in crate::backend::redis) const fn new(text: &'static str) -> Self {
        Self { text, hash: OnceLock::new() }
    }

    /// Runs it in one round trip; a server that does not know it yet, or no more, is given it once.
    ///
    /// A script that is not known did not run, so it may be sent again; after any other failure
    /// nothing is, as nobody knows how far it came. `attempt` is for the message.
    pub(in crate::backend::redis) fn run<T: FromRedisValue>(
        &self,
        store: &mut Store,
        attempt: &str,
        keys: &[Key],
        arguments: &[Vec<u8>],
    ) -> Result<T> {
        let mut given = false;
        loop {
            let hash = self.hash(store, attempt)?;
            let mut command = cmd("EVALSHA");
            command.arg(hash).arg(keys.len()).arg(keys).arg(arguments);
            let value = match store.link().command(&command)? {
                Ok(value) => value,
                Err(error) if error.kind == ReplyErrorKind::NoScript && !given => {
                    given = true;
                    self.load(store, attempt)?;
                    continue;
                }
                Err(error) => return Err(store.link().refused(attempt, &error).into()),
            };
            return T::from_redis_value(value).map_err(|error| unreadable(attempt, &error));
        }
    }

    fn hash(&self, store: &mut Store, attempt: &str) -> Result<String> {
        match self.hash.get() {
            Some(hash) => Ok(hash.clone()),
            None => self.load(store, attempt),
        }
    }

    fn load(&self, store: &mut Store, attempt: &str) -> Result<String> {
        let mut load: Cmd = cmd("SCRIPT");
        let reply = store.link().command(load.arg("LOAD").arg(self.text))?;
        let value: Value = reply.map_err(|error| store.link().refused(attempt, &error))?;
        let hash = String::from_redis_value(value).map_err(|error| unreadable(attempt, &error))?;
        Ok(self.hash.get_or_init(|| hash).clone())
    }
}

fn unreadable(attempt: &str, error: &impl ToString) -> anyhow::Error {
    let message = format!("cannot {attempt}: Redis gave an answer of another shape");
    Failure::new(Kind::Data, message).because(anyhow::anyhow!(error.to_string())).into()
}
