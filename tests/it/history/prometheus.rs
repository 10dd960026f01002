//! A real Prometheus that scrapes `jobctl serve`.

use std::fs;

use super::*;
use crate::serve::Serving;
use crate::support::redis::{PREPARE, free_port};
use crate::support::rq::Rq;

/// A Prometheus with a configuration of its own; ends with the value.
struct Prometheus {
    child: Child,
    address: String,
    folder: TempDir,
}

impl Prometheus {
    fn scraping(target: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s}}\n\
             scrape_configs:\n- job_name: jobctl\n  static_configs:\n  - targets: ['{target}']\n"
        );
        fs::write(folder.path().join("prometheus.yml"), config).unwrap();
        let address = format!("127.0.0.1:{}", free_port());
        let log = fs::File::create(folder.path().join("log")).unwrap();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}/prometheus.yml", folder.path().display()))
            .arg(format!("--storage.tsdb.path={}/data", folder.path().display()))
            .arg(format!("--web.listen-address={address}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log)
            .spawn()
            .unwrap_or_else(|error| panic!("prometheus: {error}: {PREPARE}"));
        Self { child, address, folder }
    }

    /// The value of the only series that an expression gives.
    fn ask(&mut self, expression: &str) -> Option<f64> {
        let log = || fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        assert!(self.child.try_wait().unwrap().is_none(), "{}", log());
        let bytes: Vec<String> = expression.bytes().map(|byte| format!("%{byte:02x}")).collect();
        let query = bytes.concat();
        let request = format!(
            "GET /api/v1/query?query={query} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\n\r\n",
            self.address
        );
        let answer = crate::serve::exchange(&self.address, request.as_bytes())?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        // The body comes in one chunk or as it is.
        let json = body.get(body.find('{')?..=body.rfind('}')?)?;
        let json: Value = serde_json::from_str(json).ok()?;
        json["data"]["result"][0]["value"][1].as_str()?.parse().ok()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn prometheus_scrapes_serve_and_sees_a_counter_rise() {
    let server = RedisServer::start();
    let rq = Rq::version("2.6.1");
    let _worker = rq.worker(&server, "w", &["q"]);
    let serving = Serving::on(&["--redis", &server.url()], &[]);
    let mut prometheus = Prometheus::scraping(serving.address());
    wait_until(LONG, "the target to be up", || {
        (prometheus.ask("up{job=\"jobctl\"}")? > 0.5).then_some(())
    });
    let completed = "sum(jobctl_job_completed_total{queue=\"q\",task=\"work.ok\"})";
    assert_eq!(prometheus.ask(completed), None);
    rq.enqueue(&server, "q", "work.ok");
    wait_until(LONG, "the counter", || (prometheus.ask(completed)? > 0.5).then_some(()));
    rq.enqueue(&server, "q", "work.ok");
    wait_until(LONG, "the counter to rise", || (prometheus.ask(completed)? > 1.5).then_some(()));
    let busy = "sum(jobctl_worker_busy) + sum(jobctl_worker_idle)";
    wait_until(LONG, "the worker", || (prometheus.ask(busy)? > 0.5).then_some(()));
}
