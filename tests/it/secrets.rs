//! H: a planted secret appears in no log, error, print or answer.

use std::collections::BTreeMap;

use otel_bridge::config::Config;
use otel_bridge::model::signal::Signal;
use rustix::process::Signal as ProcessSignal;

use crate::harness::child::run;
use crate::harness::{Child, Reply, Sink, eventually, otlp};

const CANARY: &str = "canary-7f3a9";

/// Every place that a secret may stand in, by a variable.
fn yaml(sink: &Sink) -> String {
    let hash = bcrypt::hash("x", 4).unwrap();
    format!(
        "receive: {{ otlp: {{ grpc: {{ address: 127.0.0.1:0, auth: {{ bearer_tokens: [\"${{SECRET}}-grpc\"] }} }},\n\
         http: {{ address: 127.0.0.1:0, auth: {{ bearer_tokens: [\"${{SECRET}}-http\"] }} }} }} }}\n\
         pull:\n  - {{ name: main, address: 127.0.0.1:0, auth: {{ bearer_tokens: [\"${{SECRET}}-pull\"], basic: {{ ana: \"{hash}\" }} }} }}\n\
         push:\n  - {{ name: stack, endpoint: \"http://{}\", protocol: http/protobuf, queue: {{ directory: data }},\n\
         headers: {{ authorization: \"Bearer ${{SECRET}}-push\" }}, retry: {{ initial: 10ms, max: 20ms }} }}\n",
        sink.address
    )
}

fn clean(what: &str, text: &str) {
    assert!(!text.contains(CANARY), "{what} shows the secret:\n{text}");
    assert!(!text.contains("$2b$"), "{what} shows a hash:\n{text}");
}

/// In the print of `check`, in `Debug`, and in the errors of a file that is wrong.
#[tokio::test]
async fn not_in_the_configuration() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let variables = [("SECRET", CANARY)];
    let text = yaml(&sink);
    std::fs::write(home.path().join("a.yaml"), &text).unwrap();
    let output = run(&["check", "a.yaml"], home.path(), &variables).await;
    assert!(output.status.success(), "{output:?}");
    clean("check", &format!("{output:?}"));
    let environment = BTreeMap::from([("SECRET".to_owned(), CANARY.to_owned())]);
    clean("Debug", &format!("{:?}", Config::parse(&text, "a", &environment).unwrap()));
    let wrongs = [
        text.replace("initial: 10ms", "initial: \"${SECRET}\""),
        text.replace("bearer_tokens: [\"${SECRET}-pull\"]", "bearer_tokens: { a: \"${SECRET}\" }"),
        text.replace("headers: {", "headers: { \"bad name\": \"${SECRET}\", "),
        text.replace("Bearer ${SECRET}-push", "Bearer ${SECRET}\\n"),
        text.replace("protocol: http/protobuf", "protocol: \"${SECRET}\""),
        text.replace("endpoint: \"http://", "endpoint: \"http://user:${SECRET}@"),
        text.replace("name: stack", "nam: \"${SECRET}\""),
    ];
    for wrong in wrongs {
        assert_ne!(wrong, text);
        std::fs::write(home.path().join("a.yaml"), &wrong).unwrap();
        for command in [&["check", "a.yaml"][..], &["serve", "--config", "a.yaml"]] {
            let output = run(command, home.path(), &variables).await;
            assert_eq!(output.status.code(), Some(2), "{wrong}\n{output:?}");
            clean("an error", &format!("{output:?}"));
        }
    }
}

/// In nothing that a running bridge says or logs, at its most talkative, while everything that takes a secret fails and works.
#[tokio::test(flavor = "multi_thread")]
async fn not_in_answers_and_logs() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start_with(&[Reply::Status(401), Reply::Status(502), Reply::Status(503)]).await;
    let variables = [("SECRET", CANARY), ("OTEL_BRIDGE_LOG", "trace")];
    let mut child = Child::serve(home.path(), &yaml(&sink), &variables).await;
    let right = format!("Bearer {CANARY}-pull");
    let post = format!("{}/v1/metrics", child.door("OTLP/HTTP"));
    let token = format!("Bearer {CANARY}-http");
    for token in [&token, "Bearer wrong"] {
        let headers = [("content-type", "application/x-protobuf"), ("authorization", token)];
        child.client.request("POST", &post, &headers, otlp::numbered(0, 3)).await.unwrap();
    }
    sink.wait_for(Signal::Metrics, |taken| !taken.is_empty()).await;
    let sent = sink.received();
    assert!(sent.iter().all(|one| one.headers["authorization"] == format!("Bearer {CANARY}-push")), "it is used");
    let discovery = child.client.get_with(&format!("{}/", child.door("main")), &[("authorization", &right)]).await;
    let listed = discovery.json();
    let listed = listed["endpoints"].as_object().unwrap().keys().filter(|path| !path.contains(['{', '*']));
    let streams = |path: &&String| path.ends_with("sse") || path.ends_with("stream");
    for path in listed.filter(|path| !streams(path)) {
        let url = format!("{}{path}", child.door("main"));
        let answer = child.client.get_with(&url, &[("authorization", &right)]).await;
        clean(path, &format!("{:?} {}", answer.headers, answer.text()));
    }
    let about =
        child.client.get_with(&format!("{}/api/v1/about", child.door("main")), &[("authorization", &right)]).await;
    assert!(about.text().contains("<redacted>"), "{about:?}");
    clean("about", &about.text());
    std::fs::write(home.path().join("bridge.yaml"), yaml(&sink).replace("initial: 10ms", "initial: \"${SECRET}\""))
        .unwrap();
    child.signal(ProcessSignal::HUP);
    eventually("the refusal in the log", async || child.log().contains("was refused").then_some(())).await;
    child.signal(ProcessSignal::TERM);
    child.end().await;
    assert!(child.log().len() > 1_000, "it was talkative");
    clean("the log", &child.log());
}
