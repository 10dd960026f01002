//! Whether two addresses are those of one Redis.

use super::endpoint::{Endpoint, Node, Route};

/// Names of this host's own address.
const LOOPBACK: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

impl Endpoint {
    /// Whether the other address means the same database of the same server, as seen from one host.
    /// Who logs in and whether the connection is encrypted makes no difference. Addresses that are
    /// written differently count as different, but for this host's own; asks no name server.
    pub fn is_same_place(&self, other: &Self) -> bool {
        let is_same_server = match (&self.route, &other.route) {
            (Route::Tcp(one), Route::Tcp(two)) => {
                one.port == two.port
                    && (one.host.eq_ignore_ascii_case(&two.host)
                        || (is_loopback(one) && is_loopback(two)))
            }
            (Route::Unix(one), Route::Unix(two)) => {
                one == two
                    || one
                        .canonicalize()
                        .ok()
                        .is_some_and(|one| two.canonicalize().is_ok_and(|two| one == two))
            }
            (
                Route::Sentinel { nodes: one, service, .. },
                Route::Sentinel { nodes: two, service: other, .. },
            ) => service == other && one.iter().any(|node| two.contains(node)),
            _ => false,
        };
        is_same_server && self.db == other.db
    }

    /// Whether the server is certainly one of this host.
    pub fn is_local(&self) -> bool {
        match &self.route {
            Route::Tcp(node) => is_loopback(node),
            Route::Unix(_) => true,
            Route::Sentinel { .. } => false,
        }
    }
}

fn is_loopback(node: &Node) -> bool {
    LOOPBACK.iter().any(|name| node.host.eq_ignore_ascii_case(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn same_place_is_told_by_server_and_database() {
        let same = |one: &str, two: &str| {
            let (one, two) = (Endpoint::parse(one).unwrap(), Endpoint::parse(two).unwrap());
            assert_eq!(one.is_same_place(&two), two.is_same_place(&one));
            one.is_same_place(&two)
        };
        assert!(same("redis://localhost", "redis://:secret@127.0.0.1:6379/0"));
        assert!(same("redis://Queue.example:6380/2", "rediss://queue.example:6380?db=2"));
        assert!(same("unix:///run/redis.sock", "unix:///run/redis.sock?db=0"));
        assert!(!same("redis://localhost/1", "redis://localhost"));
        assert!(!same("redis://localhost:6380", "redis://localhost"));
        assert!(!same("redis://queue.example", "redis://localhost"));
        assert!(!same("unix:///run/redis.sock", "unix:///run/other.sock"));
        assert!(!same("unix:///run/redis.sock", "redis://localhost"));
    }
}
