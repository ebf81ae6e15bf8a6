//! `otel-bridge top` in a pseudo-terminal: what is on the screen is read by a terminal emulator.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};

use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};
use tokio::process::Command;

use crate::harness::child::{self, configuration};
use crate::harness::{Child, PATIENCE, Service, eventually};

/// A program in a terminal of its own.
struct Terminal {
    process: tokio::process::Child,
    keyboard: File,
    /// The program's end, kept open so that its settings can be read when the program has gone.
    line: OwnedFd,
    screen: Arc<Mutex<vt100::Parser>>,
    before: Termios,
}

impl Terminal {
    /// Runs `otel-bridge` with these arguments.
    fn run(arguments: &[&str], directory: &Path, (columns, rows): (u16, u16)) -> Self {
        let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let name = ptsname(&ours, Vec::new()).unwrap();
        let line: OwnedFd = File::options().read(true).write(true).open(name.to_str().unwrap()).unwrap().into();
        tcsetwinsize(&line, Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 }).unwrap();
        let before = tcgetattr(&line).unwrap();
        // In a session of its own: else it would find the terminal that the tests run in.
        let mut command = Command::new("setsid");
        command.args(["--ctty", env!("CARGO_BIN_EXE_otel-bridge")]).args(arguments).current_dir(directory);
        command.env_clear().env("TERM", "xterm-256color").env("PATH", std::env::var_os("PATH").unwrap_or_default());
        let end = || Stdio::from(line.try_clone().unwrap());
        let process = command.stdin(end()).stdout(end()).stderr(end()).kill_on_drop(true).spawn().unwrap();
        let screen = Arc::new(Mutex::new(vt100::Parser::new(rows, columns, 0)));
        let (mut output, seen) = (File::from(ours.try_clone().unwrap()), screen.clone());
        std::thread::spawn(move || {
            let mut bytes = [0; 4_096];
            while let Ok(read @ 1..) = output.read(&mut bytes) {
                seen.lock().unwrap().process(&bytes[..read]);
            }
        });
        Self { process, keyboard: File::from(ours), line, screen, before }
    }

    fn text(&self) -> String {
        self.screen.lock().unwrap().screen().contents()
    }

    async fn shows(&self, words: &str) -> String {
        let found = async || Some(self.text()).filter(|text| text.contains(words));
        let shown = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(text) = found().await {
                    return text;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
        });
        shown.await.unwrap_or_else(|_| panic!("never shown: {words}\n{}", self.text()))
    }

    fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    fn signal(&self, signal: Signal) {
        let pid = rustix::process::Pid::from_raw(self.process.id().unwrap() as i32).unwrap();
        rustix::process::kill_process(pid, signal).unwrap();
    }

    /// It has ended well, and left the terminal as it was.
    async fn ends(&mut self) {
        let status = tokio::time::timeout(PATIENCE, self.process.wait()).await.expect("it ends").unwrap();
        assert!(status.success(), "{status}: {}", self.text());
        let after = tcgetattr(&self.line).unwrap();
        assert_eq!(after.local_modes, self.before.local_modes, "echo and lines are on again");
        assert_eq!(after.input_modes, self.before.input_modes);
        eventually("the first screen with its cursor", async || {
            let parser = self.screen.lock().unwrap();
            (!parser.screen().alternate_screen() && !parser.screen().hide_cursor()).then_some(())
        })
        .await;
    }
}

async fn say(bridge: &Child, service: &Service) {
    let url = format!("{}/v1/metrics", bridge.door("OTLP/HTTP"));
    let answer = bridge.client.post(&url, "application/x-protobuf", service.encoded()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
}

/// At 80 × 24: the verdict, a service that comes while it is watched, pages and filter by keys, a hostile name as text; `q` ends it.
#[tokio::test(flavor = "multi_thread")]
async fn shows_a_bridge() {
    let directory = tempfile::tempdir().unwrap();
    let bridge = Child::serve(directory.path(), &configuration(""), &[]).await;
    let mut terminal = Terminal::run(&["top", "--endpoint", bridge.door("OTLP/gRPC")], directory.path(), (80, 24));
    terminal.shows("HEALTHY 1.00").await;
    let service = Service::new("shop").component("cart", "running", 7, 0).component("store", "failed", 1, 1);
    let service = service.pool("http", 4, [1, 1, 0]).worker("http", "evil\u{1b}[2J\u{7}", "active", 3, 1 << 20);
    say(&bridge, &service).await;
    terminal.shows("Component store is unhealthy").await;
    let health = terminal.shows("!! ").await;
    assert!(health.contains("store"), "{health}");
    terminal.press("4");
    let components = terminal.shows("cart").await;
    let place = |name: &str| components.find(name).unwrap();
    assert!(place("store") < place("cart"), "problems first: {components}");
    terminal.press("3");
    terminal.shows("evil\\u{1b}[2J\\u{7}").await;
    terminal.press("/nothing like it");
    terminal.shows("None of ").await;
    terminal.press("\u{1b}");
    terminal.shows("evil").await;
    terminal.press("?");
    terminal.shows("Any key closes this").await;
    terminal.press("x");
    terminal.press("q");
    terminal.ends().await;
}

/// A bridge that is not there is said so; when it comes it is shown, when it dies that is said, and what was known stays. A signal ends
/// it as well as a key.
#[tokio::test(flavor = "multi_thread")]
async fn reconnects() {
    let directory = tempfile::tempdir().unwrap();
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let endpoint = format!("127.0.0.1:{port}");
    let mut terminal = Terminal::run(&["top", "--endpoint", &endpoint], directory.path(), (60, 12));
    terminal.shows("UNREACHABLE").await;
    terminal.shows("No bridge answers").await;
    let yaml = configuration("").replacen("127.0.0.1:0", &endpoint, 1);
    let mut bridge = Child::serve(directory.path(), &yaml, &[]).await;
    terminal.shows("HEALTHY").await;
    bridge.signal(Signal::KILL);
    bridge.end().await;
    let lost = terminal.shows("NOT CONNECTED").await;
    assert!(lost.contains("UNREACHABLE") && lost.contains("ago)") && lost.contains("Figures"), "{lost}");
    let _bridge = Child::serve(directory.path(), &yaml, &[]).await;
    terminal.shows("live, snapshot").await;
    terminal.signal(Signal::TERM);
    terminal.ends().await;
}

/// Credentials go with the call; without them the screen says what is missing. A pipe is no terminal, and a wrong option is 2.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_and_wrong_use() {
    let directory = tempfile::tempdir().unwrap();
    let auth = "auth: { bearer_tokens: [right-token] }";
    let yaml = configuration("").replacen("127.0.0.1:0", &format!("127.0.0.1:0, {auth}"), 1);
    let bridge = Child::serve(directory.path(), &yaml, &[]).await;
    let endpoint = bridge.door("OTLP/gRPC");
    let mut stranger = Terminal::run(&["top", "--endpoint", endpoint], directory.path(), (100, 24));
    stranger.shows("Unauthenticated").await;
    stranger.press("\u{3}");
    stranger.ends().await;
    let header = "authorization=Bearer right-token";
    let mut known = Terminal::run(&["top", "--endpoint", endpoint, "--header", header], directory.path(), (80, 24));
    known.shows("HEALTHY").await;
    known.press("q");
    known.ends().await;
    let pipe = child::run(&["top", "--endpoint", endpoint], directory.path(), &[]).await;
    assert_eq!(pipe.status.code(), Some(1), "{pipe:?}");
    assert!(child::errors(&pipe).contains("needs a terminal"), "{pipe:?}");
    let header = child::run(&["top", "--header", "top-secret"], directory.path(), &[]).await;
    assert_eq!(header.status.code(), Some(2), "{header:?}");
    assert!(child::errors(&header).contains("K=V"), "{header:?}");
}

/// The completions and manual pages that a package ships come from the program itself.
#[tokio::test(flavor = "multi_thread")]
async fn completions_and_manual() {
    let directory = tempfile::tempdir().unwrap();
    let bash = child::run(&["completions", "bash"], directory.path(), &[]).await;
    assert!(bash.status.success() && String::from_utf8_lossy(&bash.stdout).contains("complete -F"), "{bash:?}");
    let page = child::run(&["man", "top"], directory.path(), &[]).await;
    assert!(
        page.status.success() && String::from_utf8_lossy(&page.stdout).contains(".TH otel-bridge-top 1"),
        "{page:?}"
    );
    let unknown = child::run(&["man", "nope"], directory.path(), &[]).await;
    assert_eq!(unknown.status.code(), Some(1), "{unknown:?}");
}
