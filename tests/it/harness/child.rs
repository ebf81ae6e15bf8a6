//! The program itself, as a child process.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::Command;

use super::{Answer, Client, PATIENCE, eventually};

/// A running bridge; it is killed when this goes.
#[derive(Debug)]
pub(crate) struct Child {
    process: tokio::process::Child,
    doors: BTreeMap<String, String>,
    log: PathBuf,
    pub(crate) client: Client,
}

/// The program with no variables but these.
pub(crate) fn program(arguments: &[&str], directory: &Path, variables: &[(&str, &str)]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_otel-bridge"));
    command.args(arguments).current_dir(directory).env_clear().envs(variables.iter().copied());
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// Runs a command to its end.
pub(crate) async fn run(arguments: &[&str], directory: &Path, variables: &[(&str, &str)]) -> Output {
    let output = program(arguments, directory, variables).output();
    tokio::time::timeout(PATIENCE, output).await.expect("the command ends").unwrap()
}

/// What was written to standard error.
pub(crate) fn errors(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// Doors on ports of the system's choice, and one pull endpoint; ends with what is given.
pub(crate) fn configuration(rest: &str) -> String {
    format!(
        "receive: {{ otlp: {{ grpc: {{ address: 127.0.0.1:0 }}, http: {{ address: 127.0.0.1:0 }} }} }}\n\
         pull: [{{ name: main, address: 127.0.0.1:0, rate_limit: 0 }}]\n{rest}"
    )
}

impl Child {
    /// Serves this configuration, written to `bridge.yaml` in the folder, until it is ready.
    pub(crate) async fn serve(directory: &Path, yaml: &str, variables: &[(&str, &str)]) -> Self {
        std::fs::write(directory.join("bridge.yaml"), yaml).unwrap();
        Self::spawn(program(&["serve", "--config", "bridge.yaml"], directory, variables), &directory.join("log")).await
    }

    /// Runs a command that serves a configuration with an endpoint `main`, until it is ready.
    pub(crate) async fn spawn(mut command: Command, log: &Path) -> Self {
        let file = std::fs::File::create(log).unwrap();
        let mut process = command.stdout(Stdio::piped()).stderr(file).spawn().unwrap();
        let mut lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let mut doors = BTreeMap::new();
        while !doors.contains_key("main") {
            let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.expect("doors are told").unwrap();
            let line = line.unwrap_or_else(|| panic!("it ended:\n{}", std::fs::read_to_string(log).unwrap()));
            let (name, url) = line.split_once(' ').expect("a name and a URL");
            doors.insert(name.to_owned(), url.trim().to_owned());
        }
        let child = Self { process, doors, log: log.to_owned(), client: Client::new() };
        eventually("readiness", async || (child.get("/readyz").await.status == 200).then_some(())).await;
        child
    }

    /// URL of a door: `OTLP/gRPC`, `OTLP/HTTP`, `main`.
    pub(crate) fn door(&self, name: &str) -> &str {
        &self.doors[name]
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("{}{path}", self.door("main"))).await
    }

    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        let pid = Pid::from_raw(self.process.id().expect("it runs") as i32).unwrap();
        kill_process(pid, signal).unwrap();
    }

    /// Waits for the end.
    pub(crate) async fn end(&mut self) -> ExitStatus {
        tokio::time::timeout(PATIENCE, self.process.wait()).await.expect("it ends").unwrap()
    }
}
