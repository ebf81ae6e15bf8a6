//! The commands and their exit codes (contract §2), of the program itself.

use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::harness::child::{configuration, errors, run};
use crate::harness::{Child, Sink};

async fn code(arguments: &[&str], directory: &Path) -> (i32, String) {
    let output = run(arguments, directory, &[]).await;
    (output.status.code().expect("it exits"), errors(&output))
}

/// `check` prints what a good file resolves to, and reads it back; of a bad one it prints every problem, and ends with 2.
#[tokio::test]
async fn check() {
    let home = tempfile::tempdir().unwrap();
    let file = |text: &str| std::fs::write(home.path().join("a.yaml"), text).unwrap();
    file(&configuration("push: [{ name: stack, endpoint: \"http://127.0.0.1:1\", headers: { a: b } }]"));
    let good = run(&["check", "a.yaml"], home.path(), &[]).await;
    assert!(good.status.success(), "{}", errors(&good));
    let resolved = String::from_utf8(good.stdout).unwrap();
    assert!(resolved.contains("memory budget:") && resolved.contains("<redacted>"), "{resolved}");
    file("recieve: {}\npull:\n  - sse_interval: 10\n");
    let (exit, message) = code(&["check", "a.yaml"], home.path()).await;
    assert_eq!(exit, 2, "{message}");
    assert!(message.contains("a.yaml:1:1:") && message.contains("receive"), "a place and a suggestion: {message}");
    assert!(message.contains("a.yaml:3:19:") && message.contains("10s"), "every problem at once: {message}");
    for arguments in [&["check", "absent.yaml"][..], &["serve", "--config", "a.yaml"], &["sreve"], &["check"]] {
        let (exit, message) = code(arguments, home.path()).await;
        assert_eq!((exit, message.is_empty()), (2, false), "{arguments:?}: {message}");
    }
}

/// `check` opens what the file names: each file of TLS and each queue folder that could not be used is told at its key, and
/// nothing is made. A queue that a bridge uses is no fault.
#[tokio::test(flavor = "multi_thread")]
async fn check_opens_what_is_named() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("junk"), "junk").unwrap();
    let text = "receive: { otlp: { grpc: null, http: null } }
pull:
  - name: a
    address: 127.0.0.1:0
    tls: { certificate: no.crt, key: junk }
push:
  - name: stack
    endpoint: https://127.0.0.1:1
    tls: { ca: no.ca }
    queue: { directory: junk/data }
  - { name: fresh, endpoint: \"http://127.0.0.1:1\", queue: { directory: fresh/data } }
";
    std::fs::write(home.path().join("a.yaml"), text).unwrap();
    let (exit, message) = code(&["check", "a.yaml"], home.path()).await;
    assert_eq!(exit, 2, "{message}");
    let lines: Vec<&str> = message.lines().collect();
    let expected = [("5:25", "no.crt"), ("5:38", "junk"), ("9:16", "no.ca"), ("10:25", "not a directory")];
    assert_eq!(lines.len(), expected.len(), "{message}");
    for (line, (place, part)) in lines.iter().zip(expected) {
        assert!(line.starts_with(&format!("a.yaml:{place}: ")) && line.contains(part), "{place}, {part}: {message}");
    }
    assert!(!home.path().join("fresh").exists());

    let push = "push: { name: stack, endpoint: \"http://127.0.0.1:1\", queue: { directory: data } }";
    let child = Child::serve(home.path(), &configuration(push), &[]).await;
    std::fs::write(home.path().join("b.yaml"), configuration(push)).unwrap();
    let (exit, message) = code(&["check", "b.yaml"], home.path()).await;
    assert_eq!(exit, 0, "{message}");
    assert_eq!(child.get("/readyz").await.status, 200);
}

/// `schema` prints a JSON Schema, without any file.
#[tokio::test]
async fn schema() {
    let home = tempfile::tempdir().unwrap();
    let output = run(&["schema"], home.path(), &[]).await;
    assert!(output.status.success());
    let schema: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(schema["$schema"].is_string() && schema.to_string().contains("sse_interval"));
}

/// `probe` ends with 0 for 200, and with 1 for anything else.
#[tokio::test(flavor = "multi_thread")]
async fn probe() {
    let home = tempfile::tempdir().unwrap();
    let child = Child::serve(home.path(), &configuration("health: { expect: [absent] }"), &[]).await;
    let main = child.door("main");
    let probe = async |url: String| code(&["probe", &url], home.path()).await;
    assert_eq!(probe(format!("{main}/readyz")).await.0, 0);
    for url in [format!("{main}/nothing"), format!("{main}/health"), "http://127.0.0.1:1/".into(), "nonsense".into()] {
        let (exit, message) = probe(url.clone()).await;
        assert_eq!((exit, message.is_empty()), (1, false), "{url}: {message}");
        // The cause, and not only the step that failed.
        assert_eq!(message.to_lowercase().contains("refused"), url.contains(":1/"), "{url}: {message}");
    }
}

/// An address that is taken: 4, with the address and the key that names it; nothing is left behind in the queue's folder.
#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address() {
    let home = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let push = "push: [{ name: stack, endpoint: \"http://127.0.0.1:1\", queue: { directory: data } }]";
    let free = configuration(push);
    for key in ["receive.otlp.grpc", "receive.otlp.http", "pull[0]"] {
        let name = key.rsplit('.').next().unwrap();
        let at = free.find(if name == "pull[0]" { "main" } else { name }).unwrap();
        let (before, after) = free.split_at(at);
        let text = format!("{before}{}", after.replacen("127.0.0.1:0", &address, 1));
        std::fs::write(home.path().join("a.yaml"), text).unwrap();
        let (exit, message) = code(&["serve", "--config", "a.yaml"], home.path()).await;
        assert_eq!(exit, 4, "{message}");
        assert!(message.contains(&address) && message.contains(key), "{key}: {message}");
        assert!(!home.path().join("data").exists(), "no queue was opened");
    }
}

/// H: a queue folder that is a link, open to everybody, or in use: 3, and whoever uses it goes on.
#[tokio::test(flavor = "multi_thread")]
async fn a_refused_queue() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let with = |directory: &str| {
        let push = sink.destination("grpc", &format!(", queue: {{ directory: {directory} }}"));
        configuration(&format!("push: [{push}]"))
    };
    let first = Child::serve(home.path(), &with("data"), &[]).await;
    symlink(home.path().join("data"), home.path().join("link")).unwrap();
    std::fs::create_dir(home.path().join("open")).unwrap();
    std::fs::set_permissions(home.path().join("open"), PermissionsExt::from_mode(0o777)).unwrap();
    for (directory, reason) in [("data", "another process"), ("link", "symbolic link"), ("open", "everybody")] {
        std::fs::write(home.path().join("a.yaml"), with(directory)).unwrap();
        let (exit, message) = code(&["serve", "--config", "a.yaml"], home.path()).await;
        assert_eq!(exit, 3, "{message}");
        assert!(message.contains(directory) && message.contains(reason), "{message}");
    }
    let mode = |path: &str| std::fs::metadata(home.path().join(path)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("data"), mode("data/grpc.queue")), (0o700, 0o600));
    assert_eq!(first.get("/readyz").await.status, 200);
}

/// A certificate that cannot be read is a fault of the configuration, and named.
#[tokio::test]
async fn a_missing_certificate() {
    let home = tempfile::tempdir().unwrap();
    let tls = "pull: [{ name: a, address: 127.0.0.1:0, tls: { certificate: no.crt, key: no.key } }]\n\
               receive: { otlp: { grpc: null, http: null } }";
    std::fs::write(home.path().join("a.yaml"), tls).unwrap();
    let (exit, message) = code(&["serve", "--config", "a.yaml"], home.path()).await;
    assert_eq!(exit, 2, "{message}");
    assert!(message.contains("no.crt"), "{message}");
}
