//! The wiring, as far as it shows only when everything runs.

use std::collections::BTreeMap;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::*;

fn config(more: &str) -> Config {
    let file = format!(
        "receive: {{ otlp: {{ grpc: {{ address: 127.0.0.1:0 }}, http: null }} }}\npull: {{ address: 127.0.0.1:0 }}\n{more}"
    );
    Config::parse(&file, "test", &BTreeMap::new()).unwrap()
}

async fn get(bridge: &Gateway, path: &str) -> String {
    let address = bridge.doors().await.last().unwrap().address;
    let mut stream = TcpStream::connect(address).await.unwrap();
    let request = format!("GET {path} HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

/// After a reload `about` tells what holds now, links are the new ones also at endpoints that did not change, and what needs
/// a restart is told as it was.
#[tokio::test]
async fn a_reload_reaches_every_endpoint() {
    let bridge = Gateway::start(config(""), Clock::system()).unwrap();
    let before = get(&bridge, "/api/v1/workers?limit=1").await;
    assert!(before.starts_with("HTTP/1.1 200") && !before.contains("http://links/"), "{before}");
    let links =
        "links: { worker: 'http://links/{worker_id}' }\nhealth: { healthy: 0.9 }\nstate: { series_max: 1234 }\n";
    bridge.reload(config(links)).await.unwrap();
    assert!(get(&bridge, "/api/v1/workers?limit=1").await.contains("http://links/tokio-0"));
    let about = get(&bridge, "/api/v1/about").await;
    assert!(about.contains("http://links/{worker_id}") && about.contains("\"healthy\":0.9"), "{about}");
    assert!(!about.contains("1234"), "the store keeps its limits: {about}");
    let address = bridge.doors().await.last().unwrap().address;
    let destination = "push: { name: a, endpoint: 'http://127.0.0.1:9', queue: { durability: memory } }\n";
    bridge.reload(config(&format!("{links}{destination}"))).await.unwrap();
    assert_eq!(bridge.doors().await.last().unwrap().address, address, "what did not change goes on");
    assert!(get(&bridge, "/api/v1/about").await.contains("http://127.0.0.1:9"));
    bridge.stop().await;
}

/// A reload exchanges health and alert rules in the running store: an expected component that nobody reports counts, a new
/// rule fires, and with the rule its alert goes.
#[tokio::test]
async fn a_reload_exchanges_the_rules() {
    let bridge = Gateway::start(config(""), Clock::system()).unwrap();
    assert!(get(&bridge, "/health").await.starts_with("HTTP/1.1 200"));
    let rule = "alerts: { rules: [{ name: always, on: system, field: uptime_seconds, above: -1, level: info, message: m }] }\n";
    let expect = "health: { expect: [a, b, c, d, e, f, g, h, i] }\n";
    bridge.reload(config(&format!("{rule}{expect}"))).await.unwrap();
    let health = get(&bridge, "/health").await;
    assert!(health.starts_with("HTTP/1.1 503"), "{health}");
    let on = || bridge.store().snapshot().alerts.active.iter().any(|alert| &*alert.rule == "always");
    bridge.store().tick();
    bridge.store().tick();
    assert!(on(), "{:?}", bridge.store().snapshot().alerts.active);
    bridge.reload(config("")).await.unwrap();
    assert!(!on());
    assert!(bridge.store().snapshot().alerts.resolved.iter().any(|alert| &*alert.rule == "always"));
    assert!(get(&bridge, "/health").await.starts_with("HTTP/1.1 200"));
    bridge.stop().await;
}

/// A valid file whose last part cannot be changed is refused whole: the endpoint that was opened for it is closed again, the
/// destination that was replaced works on its own queue, and health says so.
#[tokio::test(flavor = "multi_thread")]
async fn a_reload_that_fails_is_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let (good, bad) = (home.path().join("good"), home.path().join("bad"));
    std::os::unix::fs::symlink(home.path(), &bad).unwrap();
    let file = |endpoints: &str, destinations: &[(&str, &std::path::Path)]| {
        let push = destinations.iter().map(|(name, directory)| {
            format!(
                "{{ name: {name}, endpoint: 'http://127.0.0.1:9', queue: {{ directory: {} }} }}",
                directory.display()
            )
        });
        let push = push.collect::<Vec<_>>().join(", ");
        let text = format!(
            "receive: {{ otlp: {{ grpc: {{ address: 127.0.0.1:0 }}, http: null }} }}\npull: [{{ name: first, address: 127.0.0.1:0 }}{endpoints}]\npush: [{push}]\n"
        );
        Config::parse(&text, "test", &BTreeMap::new()).unwrap()
    };
    let bridge = Gateway::start(file("", &[("a", &good)]), Clock::system()).unwrap();
    let more = file(", { name: second, address: 127.0.0.1:0 }", &[("a", &bad), ("b", &bad)]);
    let error = bridge.reload(more).await.unwrap_err();
    assert!(matches!(&error, StartError::Push(refused) if refused.is_queue_refusal()), "{error}");
    let names: Vec<_> = bridge.doors().await.into_iter().map(|door| door.name).collect();
    assert_eq!(names, ["OTLP/gRPC", "first"]);
    let destinations = bridge.store().destinations();
    assert_eq!(destinations.iter().map(|one| &*one.name).collect::<Vec<_>>(), ["a"]);
    assert_ne!(destinations[0].state, "stopped");
    assert!(good.join("a.db").exists() || std::fs::read_dir(&good).unwrap().count() > 0);
    assert!(bridge.store().events_after(0).iter().any(|event| event.kind == "config_refused"));
    bridge.stop().await;
}
