//! The bridge as a process of its own.

use std::fmt::Write as _;
use std::process::Stdio;
use std::time::{Duration, Instant};

use tokio::process::Command;

use super::client;

/// How it is started.
#[derive(Default)]
pub struct Options {
    /// Port of the destination; none pushes nowhere.
    pub sink: Option<u16>,
    /// `state.series_max`; 0 leaves the default.
    pub series_max: usize,
}

/// A running bridge.
pub struct Child {
    process: tokio::process::Child,
    pid: u32,
    directory: tempfile::TempDir,
    pub http: u16,
    pub pull: u16,
    pub ready_after: Duration,
}

fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Child {
    pub async fn start(options: &Options) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let [grpc, http, pull] = [free_port(), free_port(), free_port()];
        let mut config = format!(
            "receive:\n  otlp:\n    grpc: {{ address: 127.0.0.1:{grpc} }}\n    http: {{ address: 127.0.0.1:{http} }}\n\
             pull:\n  - {{ name: load, address: 127.0.0.1:{pull}, rate_limit: 0 }}\n"
        );
        if let Some(port) = options.sink {
            let _ = write!(
                config,
                "push:\n  - name: sink\n    endpoint: http://127.0.0.1:{port}\n    protocol: http/protobuf\n    \
                 compression: gzip\n    queue: {{ directory: {}/queue }}\n",
                directory.path().display()
            );
        }
        if options.series_max > 0 {
            let _ = writeln!(config, "state: {{ series_max: {} }}", options.series_max);
        }
        let file = directory.path().join("bridge.yaml");
        std::fs::write(&file, config).unwrap();
        let log = std::fs::File::create(directory.path().join("log")).unwrap();
        let started = Instant::now();
        let process = Command::new(env!("CARGO_BIN_EXE_otel-bridge"))
            .args(["serve", "--config"])
            .arg(&file)
            .current_dir(directory.path())
            .stdout(Stdio::null())
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("the bridge starts");
        let pid = process.id().expect("it runs");
        let ready_after = client::await_ready(pull, started).await;
        Self { process, pid, directory, http, pull, ready_after }
    }

    /// User and system time so far.
    pub fn cpu_seconds(&self) -> f64 {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.pid)).unwrap();
        let fields: Vec<&str> = stat.rsplit(')').next().unwrap().split_whitespace().collect();
        // Fields 14 and 15 of proc(5), in hundredths of a second.
        (fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap()) / 100.0
    }

    /// Time on a processor so far, in seconds to the nanosecond: the sum over its threads of `schedstat`.
    pub fn cpu_ticks_fine(&self) -> f64 {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.pid)).unwrap();
        let nanoseconds = tasks.flatten().filter_map(|task| {
            let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
            text.split_whitespace().next()?.parse::<f64>().ok()
        });
        nanoseconds.sum::<f64>() / 1e9
    }

    /// Resident memory.
    pub fn resident_mib(&self) -> f64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.pid)).unwrap();
        let line = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
        line.split_whitespace().nth(1).unwrap().parse::<f64>().unwrap() / 1024.0
    }

    /// A clean stop, which must succeed.
    pub async fn stop(mut self) {
        rustix::process::kill_process(
            rustix::process::Pid::from_raw(self.pid as i32).unwrap(),
            rustix::process::Signal::TERM,
        )
        .unwrap();
        let status =
            tokio::time::timeout(Duration::from_secs(15), self.process.wait()).await.expect("it stops in time");
        let log = std::fs::read_to_string(self.directory.path().join("log")).unwrap_or_default();
        assert!(status.unwrap().success(), "the bridge failed:\n{log}");
    }
}
