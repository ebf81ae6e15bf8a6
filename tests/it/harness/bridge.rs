//! A whole bridge in this process, on ports of the system's choice, with a folder of its own.

use std::collections::BTreeMap;
use std::path::Path;

use otel_bridge::clock::Clock;
use otel_bridge::config::Config;
use otel_bridge::gateway::{Door, Gateway, StartError};
use tempfile::TempDir;

use super::{Answer, Client, Service, eventually};

/// A bridge; what it leaves behind is deleted with it.
#[derive(Debug)]
pub(crate) struct BridgeUnderTest {
    pub(crate) bridge: Gateway,
    _directory: TempDir,
    pub(crate) client: Client,
    doors: Vec<Door>,
}

/// Reads a configuration; `{directory}` in it stands for the folder, and every port becomes 0.
pub(crate) fn config(yaml: &str, directory: &Path) -> Config {
    let text = yaml.replace("{directory}", &directory.display().to_string());
    let mut config = Config::parse(&text, "it.yaml", &BTreeMap::new()).unwrap_or_else(|errors| panic!("{errors}"));
    let receive = &mut config.receive;
    let doors = receive.grpc.iter_mut().chain(&mut receive.http);
    for listener in doors.chain(config.pull.iter_mut().map(|endpoint| &mut endpoint.listener)) {
        listener.address.set_port(0);
    }
    config
}

impl BridgeUnderTest {
    /// Starts a bridge as the text says, but on port 0 everywhere.
    pub(crate) async fn start(yaml: &str) -> Self {
        Self::start_with(yaml, Clock::system()).await
    }

    /// The same on another clock.
    pub(crate) async fn start_with(yaml: &str, clock: Clock) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let config = config(yaml, directory.path());
        Self::start_config(config, clock, directory).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same from a configuration that was read.
    pub(crate) async fn start_config(config: Config, clock: Clock, directory: TempDir) -> Result<Self, StartError> {
        let bridge = Gateway::start(config, clock)?;
        let doors = bridge.doors().await;
        Ok(Self { bridge, _directory: directory, client: Client::new(), doors })
    }

    /// `http://address` of a door: `OTLP/gRPC`, `OTLP/HTTP`, or a pull endpoint's name.
    pub(crate) fn door(&self, name: &str) -> String {
        let door = self.doors.iter().find(|door| door.name == name);
        let door = door.unwrap_or_else(|| panic!("no door {name} in {:?}", self.doors));
        format!("{}://{}", door.scheme, door.address)
    }

    /// The first pull endpoint.
    pub(crate) fn pull(&self) -> String {
        let door = self.doors.iter().find(|door| !door.name.starts_with("OTLP/")).expect("a pull endpoint");
        format!("{}://{}", door.scheme, door.address)
    }

    /// One answer of the first pull endpoint.
    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.client.get(&format!("{}{path}", self.pull())).await
    }

    /// Posts to the OTLP/HTTP door, which must take it.
    pub(crate) async fn post(&self, path: &str, body: Vec<u8>) {
        let url = format!("{}{path}", self.door("OTLP/HTTP"));
        let answer = self.client.post(&url, "application/x-protobuf", body).await;
        assert_eq!(answer.status, 200, "{answer:?}");
    }

    /// Posts what a service says, and waits until it can be seen.
    pub(crate) async fn hear(&self, service: &Service) {
        self.post("/v1/metrics", service.encoded()).await;
        // One that was taken while the request was read may hold a part of it.
        let during = self.bridge.store().snapshot().id;
        eventually("the service in a snapshot", async || {
            let snapshot = self.bridge.store().snapshot();
            (snapshot.id > during).then_some(())?;
            snapshot.instances.iter().any(|one| *one.service == *service.name).then_some(())
        })
        .await;
    }
}
