//! Finding the master of a service by asking sentinels.
//!
//! Owns the order in which nodes are asked and what counts as an answer. The connection to the
//! master itself is made as any other.

use std::io::{self, ErrorKind};
use std::time::Instant;

use redis::Value;

use super::endpoint::{Login, Node, TlsOptions};
use super::fault::{Located, Refusal};
use super::session::Session;
use super::wire::{Wire, left_until};

/// How a service's master is found.
pub(super) struct Sentinels<'a> {
    pub(super) nodes: &'a [Node],
    pub(super) service: &'a str,
    pub(super) login: &'a Login,
    pub(super) tls: Option<&'a TlsOptions>,
}

impl Sentinels<'_> {
    /// Offers each master that a sentinel names to `accept`, until one is taken.
    ///
    /// Every node gets an equal share of the time until `deadline`, so that a dead one does not
    /// use up the others' time. The error is the last one met: it names the node.
    ///
    /// Source: redis.io, "Guidelines for Redis clients with support for Redis Sentinel".
    pub(super) fn master<T>(
        &self,
        deadline: Instant,
        mut accept: impl FnMut(&Node, Instant) -> io::Result<T>,
    ) -> io::Result<T> {
        let mut last = io::Error::from(ErrorKind::TimedOut);
        for (index, node) in self.nodes.iter().enumerate() {
            let shares = u32::try_from(self.nodes.len() - index).unwrap_or(u32::MAX);
            let share = Instant::now() + left_until(deadline)? / shares;
            let found = self
                .ask(node, share)
                .map_err(|error| Located::wrap(format!("sentinel `{node}`"), error))
                .and_then(|master| {
                    accept(&master, share)
                        .map_err(|error| Located::wrap(format!("master `{master}`"), error))
                });
            match found {
                Ok(link) => return Ok(link),
                Err(error) => last = error,
            }
        }
        Err(last)
    }

    fn ask(&self, node: &Node, deadline: Instant) -> io::Result<Node> {
        let mut session = Session::over(Wire::tcp(node, self.tls, deadline)?);
        let mut pipeline = redis::Pipeline::new();
        pipeline.cmd("SENTINEL").arg("get-master-addr-by-name").arg(self.service);
        let mut answers = session.open(self.login, 0, &pipeline)?;
        match answers.pop() {
            Some(Ok(Value::Array(parts))) => named(&parts),
            Some(Ok(Value::Nil)) => {
                Err(io::Error::other(format!("it knows no service `{}`", self.service)))
            }
            Some(Err(error)) => {
                let attempt = "ask the sentinel";
                Err(io::Error::other(Refusal { attempt, error }))
            }
            _ => Err(io::Error::other("its answer is not an address")),
        }
    }
}

fn named(parts: &[Value]) -> io::Result<Node> {
    if let [Value::BulkString(host), Value::BulkString(port)] = parts
        && let (Ok(host), Ok(port)) = (str::from_utf8(host), str::from_utf8(port))
        && let Ok(port) = port.parse()
    {
        return Ok(Node { host: host.to_owned(), port });
    }
    Err(io::Error::other("its answer is not an address"))
}
