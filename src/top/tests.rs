//! The screen on a terminal made of memory: what it says at which size, what the keys do, and that deltas lead where a snapshot would.

use std::time::Duration;

use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::draw::draw;
use super::lists::Tab;
use super::picture::Picture;
use super::*;
use crate::proto::v1::watch_response::Message;
use crate::proto::v1::{self, Delta, Ping, Snapshot};

fn options() -> Options {
    Options {
        endpoint: "http://127.0.0.1:4317".to_owned(),
        headers: Vec::new(),
        ca: None,
        service: None,
        instance: None,
        environment: None,
    }
}

fn worker(name: &str, state: &str, requests: u64, progress_age_seconds: f64) -> v1::Worker {
    v1::Worker {
        service: "shop".to_owned(),
        instance: "i-1".to_owned(),
        name: name.to_owned(),
        key: format!("k-{name}"),
        app: "checkout".to_owned(),
        pool: "http".to_owned(),
        state: Some(state.to_owned()),
        state_age_seconds: 12.0,
        progress_age_seconds,
        requests: Some(requests),
        errors: Some(1),
        memory_rss_bytes: Some(64 << 20),
        uptime_seconds: Some(3_700.0),
        ..v1::Worker::default()
    }
}

fn component(name: &str, status: &str) -> v1::Component {
    v1::Component {
        service: Some("shop".to_owned()),
        name: name.to_owned(),
        key: format!("k-{name}"),
        status: status.to_owned(),
        is_healthy: status == "running",
        items_processed: 12_345,
        items_per_second: 41.5,
        error_rate: 0.0125,
        errors: 7,
        last_activity: Some(998.0),
        last_error: (status == "failed").then(|| "TimeoutError: the store did not answer".to_owned()),
        ..v1::Component::default()
    }
}

fn pool() -> v1::Pool {
    v1::Pool {
        service: "shop".to_owned(),
        name: "http".to_owned(),
        key: "k-http".to_owned(),
        size: Some(4),
        active: 2,
        idle: 1,
        total: 3,
        utilization: 0.5,
        ..v1::Pool::default()
    }
}

fn breaker() -> v1::Breaker {
    v1::Breaker {
        service: "shop".to_owned(),
        name: "payments".to_owned(),
        key: "k-payments".to_owned(),
        state: Some("open".to_owned()),
        since: 970.0,
        failures: Some(9),
        transitions: 3,
        ..v1::Breaker::default()
    }
}

fn exporter() -> v1::Exporter {
    let figures = v1::ExporterSignal { delivered: 900, queue_items: 1_200, ..v1::ExporterSignal::default() };
    v1::Exporter {
        name: "stack".to_owned(),
        key: "stack".to_owned(),
        endpoint: "http://localhost:14317".to_owned(),
        protocol: "grpc".to_owned(),
        state: "retrying".to_owned(),
        signals: Some(v1::ExporterSignals { metrics: Some(figures), ..v1::ExporterSignals::default() }),
        queue_items: 1_200,
        queue_bytes: 1 << 20,
        queue_bytes_max: 1 << 30,
        last_error: Some("connection refused".to_owned()),
        retry_in_seconds: Some(4.0),
        ..v1::Exporter::default()
    }
}

fn alert(name: &str, level: &str, message: &str) -> v1::Alert {
    v1::Alert {
        service: Some("shop".to_owned()),
        name: name.to_owned(),
        key: format!("{name}-1"),
        level: level.to_owned(),
        state: "active".to_owned(),
        message: message.to_owned(),
        subject: "store".to_owned(),
        since: 940.0,
        ..v1::Alert::default()
    }
}

fn snapshot() -> Snapshot {
    let reason = v1::Reason {
        code: "component_failed".to_owned(),
        subject: "store".to_owned(),
        deduction: 0.25,
        message: "component store is failed".to_owned(),
    };
    Snapshot {
        snapshot_id: 7,
        timestamp: 1_000.0,
        system: Some(v1::System {
            health_score: Some(0.75),
            status: Some("degraded".to_owned()),
            reasons: vec![reason],
            components_total: 2,
            components_healthy: 1,
            alerts_critical: 1,
            alerts_warning: 1,
            items_per_second: 41.5,
            error_rate: 0.0125,
            uptime_seconds: 90_000,
            ..v1::System::default()
        }),
        pools: vec![pool()],
        workers: vec![
            worker("http-0", "idle", 120, 3.0),
            worker("http-1", "active", 1_500, 70.0),
            worker("http-2", "active", 99, 0.5),
        ],
        components: vec![component("cart", "running"), component("store", "failed")],
        breakers: vec![breaker()],
        alerts: vec![
            alert("component_unhealthy", "critical", "Component store is unhealthy"),
            alert("circuit_breaker_half_open", "warning", "Breaker payments is half open"),
        ],
        exporters: vec![exporter()],
        ..Snapshot::default()
    }
}

fn told(message: Message) -> News {
    News::Told(Box::new(message))
}

fn live() -> Screen {
    let mut screen = Screen::new(&options());
    screen.hear(told(Message::Snapshot(snapshot())));
    screen
}

fn press(screen: &mut Screen, code: KeyCode) -> Then {
    screen.press(KeyEvent::new(code, KeyModifiers::NONE))
}

fn shown(screen: &mut Screen, width: u16, height: u16) -> String {
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| draw(frame, screen)).unwrap();
    terminal.backend().to_string()
}

/// Every page at 80 × 24, whole.
#[tokio::test(start_paused = true)]
async fn pages() {
    let mut screen = live();
    for (number, tab) in ('1'..).zip(Tab::ALL) {
        press(&mut screen, KeyCode::Char(number));
        insta::assert_snapshot!(format!("page_{}", tab.title().to_lowercase()), shown(&mut screen, 80, 24));
    }
    press(&mut screen, KeyCode::Char('?'));
    insta::assert_snapshot!("page_help", shown(&mut screen, 80, 24));
}

/// Any size is drawn without a panic; from 20 × 6 on it says how things are.
#[tokio::test(start_paused = true)]
async fn any_size() {
    let mut screen = live();
    for tab in Tab::ALL {
        screen.tab = tab;
        for (width, height) in (1..=90).step_by(7).flat_map(|width| (1..=30).map(move |height| (width, height))) {
            let text = shown(&mut screen, width, height);
            assert!(width < 40 || height < 6 || text.contains("DEGRADED"), "{width}x{height}\n{text}");
        }
    }
    insta::assert_snapshot!("narrow", {
        screen.tab = Tab::Workers;
        shown(&mut screen, 40, 10)
    });
}

/// A bridge that cannot be reached is said so, with the reason and the next try; what was known stays, and is dated.
#[tokio::test(start_paused = true)]
async fn unreachable() {
    let mut never = Screen::new(&options());
    never.hear(News::Connecting);
    assert!(shown(&mut never, 80, 24).contains("Waiting for the first snapshot"));
    let lost = || News::Lost { reason: "Connection refused\u{1b}[2J".to_owned(), retry_in: Duration::from_secs(4) };
    never.hear(lost());
    let text = shown(&mut never, 80, 24);
    assert!(text.contains("UNREACHABLE (again in 4s): Connection refused\\u{1b}[2J"), "{text}");
    assert!(text.contains("No bridge answers at http://127.0.0.1:4317"), "{text}");

    let mut screen = live();
    tokio::time::advance(Duration::from_secs(9)).await;
    screen.hear(lost());
    let text = shown(&mut screen, 80, 24);
    assert!(text.contains("as of 9s ago") && text.contains("store"), "{text}");
    let before = screen.now();
    tokio::time::advance(Duration::from_secs(9)).await;
    assert!((screen.now() - before).abs() < 1e-9, "nothing grows older unseen");
    screen.tab = Tab::Alerts;
    assert!(shown(&mut screen, 80, 24).contains("1m09s"), "60 s old when it was told, and 9 s seen");
    screen.hear(told(Message::Ping(Ping { timestamp: 1_018.0 })));
    assert!(shown(&mut screen, 80, 24).contains("DEGRADED"));
}

/// Problems stand first; the choice stays on its row when the list moves; the filter narrows and says so.
#[tokio::test(start_paused = true)]
async fn rows_and_keys() {
    let mut screen = live();
    screen.tab = Tab::Workers;
    let text = shown(&mut screen, 80, 24);
    let first = text.lines().find(|line| line.contains("http-")).unwrap();
    assert!(first.contains(">!! http-1"), "stuck for 70 s: {text}");
    press(&mut screen, KeyCode::Down);
    shown(&mut screen, 80, 24);
    let late = worker("a-first", "offline", 0, 0.0);
    let changes = v1::WorkerChanges { changed: vec![late], removed: vec!["k-http-1".to_owned()] };
    let delta = Delta { snapshot_id: 8, timestamp: 1_001.0, workers: Some(changes), ..Delta::default() };
    screen.hear(told(Message::Delta(Delta { system: snapshot().system, ..delta })));
    press(&mut screen, KeyCode::End);
    let text = shown(&mut screen, 80, 24);
    assert!(text.contains(">   http-2") || text.contains("3/3"), "{text}");
    press(&mut screen, KeyCode::Char('/'));
    for letter in "OFFl".chars() {
        press(&mut screen, KeyCode::Char(letter));
    }
    let text = shown(&mut screen, 80, 24);
    assert!(text.contains("a-first") && !text.contains("http-0") && text.contains("filter: OFFl_"), "{text}");
    press(&mut screen, KeyCode::Enter);
    press(&mut screen, KeyCode::Char('3'));
    assert!(shown(&mut screen, 80, 24).contains("1/1"));
    press(&mut screen, KeyCode::Esc);
    assert!(shown(&mut screen, 80, 24).contains("http-0"));
    assert_eq!(
        (press(&mut screen, KeyCode::Char('?')), press(&mut screen, KeyCode::Char('x'))),
        (Then::Stay, Then::Stay)
    );
    assert_eq!(press(&mut screen, KeyCode::Char('q')), Then::Quit);
    let interrupt = KeyEvent::new(KeyCode::Char('c'), KeyModifiers::CONTROL);
    press(&mut screen, KeyCode::Char('/'));
    assert_eq!(screen.press(interrupt), Then::Quit, "also while a filter is typed");
}

/// Ten thousand workers: the screen shows those that fit, and the last one can be reached.
#[tokio::test(start_paused = true)]
async fn many_workers() {
    let workers = (0..10_000).map(|number| worker(&format!("w-{number:05}"), "idle", 20, 0.0)).collect();
    let mut screen = Screen::new(&options());
    screen.hear(told(Message::Snapshot(Snapshot { workers, ..snapshot() })));
    screen.tab = Tab::Workers;
    shown(&mut screen, 80, 24);
    press(&mut screen, KeyCode::End);
    let text = shown(&mut screen, 80, 24);
    assert!(text.contains("w-09999") && text.contains("10000/10000"), "{text}");
    press(&mut screen, KeyCode::PageUp);
    let text = shown(&mut screen, 80, 24);
    assert!(!text.contains("10000/10000") && text.contains("w-09"), "{text}");
}

/// Hostile names on every page: nothing leaves its cell, and no control character reaches the terminal.
#[tokio::test(start_paused = true)]
async fn hostile_names() {
    let evil = format!("\u{1b}[31m\u{202e}<b>\r\n{}", "x".repeat(5_000));
    let mut hostile = snapshot();
    hostile.workers[0].name.clone_from(&evil);
    hostile.components[1].last_error = Some(evil.clone());
    hostile.alerts[0].message.clone_from(&evil);
    hostile.exporters[0].last_error = Some(evil.clone());
    hostile.pools[0].name.clone_from(&evil);
    hostile.breakers[0].name = evil;
    let mut screen = Screen::new(&options());
    screen.hear(told(Message::Snapshot(hostile)));
    for tab in Tab::ALL {
        screen.tab = tab;
        let text = shown(&mut screen, 80, 24);
        assert!(!text.contains(['\u{1b}', '\u{202e}', '\r']), "{tab:?}");
        assert!(tab == Tab::Components || text.contains("\\u{1b}[31m"), "{tab:?}\n{text}");
        assert_eq!(text.lines().count(), 24, "{tab:?}");
    }
}

/// What is wrong on the command line is refused with a word about it, and no secret.
#[test]
fn wrong_options() {
    for endpoint in ["", "ftp://a", "http://", "a b", "http://[::1"] {
        let wrong = Options { endpoint: endpoint.to_owned(), ..options() };
        assert!(matches!(Link::new(&wrong), Err(TopError::Endpoint(_))), "{endpoint:?}");
    }
    for right in ["127.0.0.1:4317", "http://[::1]:4317", "https://bridge"] {
        assert!(Link::new(&Options { endpoint: right.to_owned(), ..options() }).is_ok(), "{right:?}");
    }
    let header = |name: &str, value: &str| Options { headers: vec![(name.to_owned(), value.to_owned())], ..options() };
    for (name, value) in [("a b", "x"), ("a", "secret\n")] {
        let refused = Link::new(&header(name, value)).unwrap_err();
        assert!(matches!(refused, TopError::Header(_)) && !refused.to_string().contains("secret"), "{refused}");
    }
    let ca = Options { endpoint: "https://a".to_owned(), ca: Some("/nonexistent".into()), ..options() };
    assert!(matches!(Link::new(&ca), Err(TopError::Authorities { .. })));
}

fn any_workers() -> impl Strategy<Value = Vec<v1::Worker>> {
    let one = (0..12_u8, 0..4_usize, 0..5_u64).prop_map(|(name, state, requests)| {
        worker(&format!("w{name}"), ["idle", "active", "creating", "offline"][state], requests, 0.0)
    });
    prop::collection::vec(one, 0..20).prop_map(|mut workers| {
        workers.sort_by(|one, other| one.key.cmp(&other.key));
        workers.dedup_by(|one, other| one.key == other.key);
        workers
    })
}

proptest! {
    /// A snapshot and a delta make the picture that the later snapshot would make.
    #[test]
    fn deltas_lead_to_the_present(before in any_workers(), after in any_workers()) {
        let changed = after.iter().filter(|one| !before.contains(one)).cloned().collect();
        let is_gone = |one: &&v1::Worker| !after.iter().any(|other| other.key == one.key);
        let removed = before.iter().filter(is_gone).map(|one| one.key.clone()).collect();
        let delta = Delta {
            snapshot_id: 8,
            timestamp: 1_000.0,
            system: snapshot().system,
            workers: Some(v1::WorkerChanges { changed, removed }),
            ..Delta::default()
        };
        let mut picture = Picture::from(Snapshot { workers: before, ..snapshot() });
        picture.hear(Message::Delta(delta));
        let whole = Snapshot { workers: after, snapshot_id: 8, ..snapshot() };
        prop_assert_eq!(picture, Picture::from(whole));
    }
}
