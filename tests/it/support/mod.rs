//! What the integration tests are made of: real servers, real RQ workers, a sealed environment.

#![allow(dead_code, reason = "each test file uses its part")]

pub(crate) mod bench;
pub(crate) mod bench_dir;
pub(crate) mod env;
pub(crate) mod http_sink;
pub(crate) mod mail_box;
pub(crate) mod mariadb;
pub(crate) mod post_box;
pub(crate) mod postgres;
pub(crate) mod redis;
pub(crate) mod rq;
pub(crate) mod site_schema;
pub(crate) mod state;
pub(crate) mod wait;
pub(crate) mod watchdog;
