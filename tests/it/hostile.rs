//! Conformance H on a whole bridge. Each row of that table, and the test that holds it:
//!
//! | input | test |
//! |---|---|
//! | gzip bombs, nested, multi-member | `receive::tests::hostile::bombs`, `a_huge_window_is_refused`; [`bad_requests`] |
//! | empty submessages × 32 M | `receive::tests::hostile::empty_submessages`, `otlp::scan::tests`; [`bad_requests`] |
//! | lengths of 2^31, cut varints, wrong wire types, groups | `otlp::scan::tests::malformed_requests_say_why`; [`bad_requests`] |
//! | AnyValue 20,000 and 5,000 deep | `receive::tests::hostile::deep_nesting`; [`bad_requests`] |
//! | labels of 10 MiB, 10,000 attributes | `state::store::tests::hostile::labels_are_bounded`; [`strange_labels`] |
//! | `a"} 1\nevil 1`, NUL, right-to-left | `pull::prometheus::tests::any_text_reads_back`; [`strange_labels`] |
//! | names that are empty, reserved, not ASCII | `model::naming::tests`; [`strange_labels`] |
//! | a million new series a minute | `state::series::tests::folds_what_is_too_many`; [`a_flood_of_series`] |
//! | NaN, ±Inf, −0, `u64::MAX` | `state::series::accumulate::tests`; [`strange_numbers_and_times`] |
//! | unsorted bounds, wrong counts | `state::store::tests::hostile::unreadable_points_are_counted` |
//! | time 0, year 2554, end before start | [`strange_numbers_and_times`] |
//! | duplicate attributes | `state::series::tests::refuses_labels_that_collide`; [`strange_labels`] |
//! | two writers, resets, overlaps | `state::store::tests::counters`; [`two_writers`] |
//! | CL + TE, bare CR, odd URIs, long headers | `listen::tests::hostile::ambiguous_requests_are_400`, `long_heads_are_431` |
//! | slow bytes, bodies, readers | `listen::tests::hostile::slow_…`, `listen::tests::delivery`, `receive::tests::hostile::slow_senders_hold_what_they_sent` |
//! | HTTP/2 floods | `listen::tests::hostile::http2_floods_end_in_goaway` |
//! | TLS garbage, half handshakes, EMFILE | `listen::tests::tls::broken_handshakes`; `limits::no_more_files` |
//! | wrong or two Authorization headers | `listen::tests::guard`, `access` |
//! | `Origin: null`, a suffix of an origin | [`origins`] |
//! | `/ui/..%2f`, `%5c`, NUL | [`odd_paths`] |
//! | secrets | `secrets`, `listen::credentials::tests::secrets_do_not_show`, `push::tests::matrix::secrets_are_not_quoted` |
//! | YAML bombs, duplicates, slips | `config::tests::hostile`, `validation`; `commands::check` |
//! | a queue file that is damaged or of another version | `push::tests::survival::damage_never_prevents_a_start`, `unknown_files_are_set_aside` |
//! | a queue folder that is a link, open, another's, locked | `push::queue::disk::directory::tests`; `commands::a_refused_queue` |
//! | disk full | `push::tests::survival::a_full_disk_refuses_drains_and_resumes`; `limits::a_full_queue` |
//! | a poison record | `push::tests::survival::a_poisonous_record_is_set_aside` |
//! | a clock that jumps | `state::store::tests::life::a_date_that_jumps_stalls_nothing`; [`strange_numbers_and_times`] |
//! | answers of a destination | `push::tests::matrix`, `policies` |
//! | scrape storm, Accept of 8 KB | `pull::prometheus::routes::tests::renders_once_for_many`; `limits::a_scrape_storm` |
//! | spoofed X-Forwarded-For, IPv6 rotation | `listen::origin::tests`, `listen::rate::tests` |
//!
//! What holds over all rows (memory within the budget, one log line a minute for each reason, the answers to others, nothing lost)
//! is judged on a whole process by `tests/faults/hostile.py`, since it takes time and a machine.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric, number_data_point};
use otel_bridge::model::signal::Signal;
use prost::Message;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::harness::{BridgeUnderTest, Service, Sink, eventually, otlp};

/// A length-delimited field.
fn field(number: u8, content: &[u8]) -> Vec<u8> {
    let mut bytes = vec![number << 3 | 2];
    prost::encoding::encode_varint(content.len() as u64, &mut bytes);
    bytes.extend_from_slice(content);
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    use std::io::Write;
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Requests that must be refused: what they are, their headers, their bytes, the HTTP status.
fn bad() -> Vec<(&'static str, &'static str, &'static str, Vec<u8>, u16)> {
    let (protobuf, json) = ("application/x-protobuf", "application/json");
    let deep = (0..2_000).fold(field(1, b"x"), |value, _| field(5, &field(1, &value)));
    let deep_json = format!("{{\"resourceMetrics\":{}1", "[".repeat(5_000));
    let bomb = gzip(&vec![0; 70 << 20]);
    vec![
        ("bomb", protobuf, "gzip", bomb, 413),
        ("no gzip", protobuf, "gzip", b"not gzip".to_vec(), 400),
        ("empty submessages", protobuf, "gzip", gzip(&field(1, &field(2, &[0x12, 0].repeat(7_000_000)))), 413),
        ("a length of 2^31", protobuf, "", vec![0x0a, 0xff, 0xff, 0xff, 0xff, 0x07], 400),
        ("a cut varint", protobuf, "", vec![0x0a, 0xff], 400),
        ("a group", protobuf, "", vec![0x0b, 0x0c], 400),
        ("a wrong wire type", protobuf, "", vec![0x08, 1], 400),
        ("deep", protobuf, "", field(1, &field(1, &field(1, &field(2, &deep)))), 400),
        ("deep text", json, "", deep_json.into_bytes(), 400),
        ("no text", json, "", vec![b'{', 0xff], 400),
        ("another kind", "text/plain", "", b"x".to_vec(), 415),
        ("another encoding", protobuf, "br", b"x".to_vec(), 415),
    ]
}

/// Every bad request is refused with its status, and between them good ones are taken and forwarded: nothing else arrives.
#[tokio::test(flavor = "multi_thread")]
async fn bad_requests() {
    let sink = Sink::start().await;
    let push = sink.destination("grpc", ", queue: { directory: \"{directory}/queue\" }");
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    let url = format!("{}/v1/metrics", bridge.door("OTLP/HTTP"));
    let mut number = 0;
    for (what, kind, encoding, body, status) in bad() {
        let headers = [("content-type", kind), ("content-encoding", encoding)];
        let headers = &headers[..if encoding.is_empty() { 1 } else { 2 }];
        let answer =
            bridge.client.request("POST", &url, headers, body).await.unwrap_or_else(|error| panic!("{what}: {error}"));
        assert_eq!(answer.status, status, "{what}: {answer:?}");
        bridge.post("/v1/metrics", otlp::numbered(number, number + 1)).await;
        number += 1;
    }
    let arrived = |taken: &[bytes::Bytes]| taken.iter().flat_map(|body| otlp::numbers(body)).collect::<Vec<_>>();
    let taken = sink.wait_for(Signal::Metrics, |taken| arrived(taken).len() >= number as usize).await;
    assert_eq!(arrived(&taken), (0..number).collect::<Vec<_>>());
    let received = format!("otel_bridge_received_items_total{{receiver=\"http\",signal=\"metrics\"}} {number}\n");
    let page = eventually("all of the good ones on the page", async || {
        let page = bridge.get("/metrics").await.text();
        page.contains(&received).then_some(page)
    })
    .await;
    assert!(page.contains("otel_bridge_refused_items_total{receiver=\"http\",signal=\"metrics\",reason="), "{page}");
}

/// Labels and names of every bad kind: no line on the page but its own, all of it forwarded.
#[tokio::test(flavor = "multi_thread")]
async fn strange_labels() {
    let sink = Sink::start().await;
    let push = sink.destination("grpc", ", queue: { directory: \"{directory}/queue\" }");
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    let long = "x".repeat(10 << 20);
    let mut service = Service::new("a\"} 1\nevil 1");
    for value in ["a\"} 1\nevil 1", "\0", "\u{202e}abc", "\\", "\r\n", &long] {
        service = service.gauge("strange.value", 1.0, &[("label", value)]).gauge("strange.key", 1.0, &[(value, "a")]);
    }
    for name in ["", "0abc", "é.b", "__name__", "le", "a\"} 1\nevil 1", "\0"] {
        service = service.gauge(name, 1.0, &[("le", "1"), ("quantile", "1"), ("__name__", "x"), ("job", "y")]);
    }
    let many: Vec<String> = (0..10_000).map(|number| format!("label{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|key| (&**key, "v")).collect();
    service = service.gauge("strange.many", 1.0, &many).gauge("strange.twice", 1.0, &[("a", "1"), ("a", "2")]);
    service = service.component("c\"} 1\nevil 1", "running", 1, 0).pool("\u{0}p", 2, [1, 0, 0]);
    bridge.hear(&service).await;
    let page = bridge.get("/metrics").await.text();
    assert!(page.contains("strange_value") && page.contains("strange_many"), "{}", page.len());
    for line in page.lines() {
        assert!(!line.starts_with("evil"), "{line}");
        let is_family = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
        let value = line.rsplit(' ').next().unwrap();
        assert!(is_family || value.parse::<f64>().is_ok(), "{line}");
    }
    assert!(page.len() < 1 << 20, "{} bytes", page.len());
    let listed = bridge.get("/components").await.json();
    assert_eq!(listed["components"]["c\"} 1\nevil 1"]["items_processed"], 1);
    let sent: Vec<Metric> = service.metrics;
    let taken = sink.wait_for(Signal::Metrics, |taken| metrics(taken).len() == sent.len()).await;
    assert!(taken.len() > 1, "too large for one request");
    assert!(metrics(&taken) == sent, "forwarded whole, in order");
}

/// The metrics in requests.
fn metrics(taken: &[bytes::Bytes]) -> Vec<Metric> {
    let requests = taken.iter().map(|body| ExportMetricsServiceRequest::decode(&body[..]).unwrap());
    requests
        .flat_map(|one| one.resource_metrics)
        .flat_map(|one| one.scope_metrics)
        .flat_map(|one| one.metrics)
        .collect()
}

/// Numbers and times at their ends: every view stays readable, and all is forwarded.
#[tokio::test(flavor = "multi_thread")]
async fn strange_numbers_and_times() {
    let sink = Sink::start().await;
    let push = sink.destination("grpc", ", queue: { directory: \"{directory}/queue\" }");
    let bridge = BridgeUnderTest::start(&format!("self_observation: false\npush: [{push}]")).await;
    let mut service = Service::new("ends").component("c", "running", u64::MAX, 0).pool("p", u64::MAX, [3, 2, 1]);
    for (place, value) in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, f64::MAX, 5e-324].into_iter().enumerate() {
        let name = format!("n{place}");
        service =
            service.gauge("any.number", value, &[("place", &name)]).gauge("pool.size", value, &[("pool.name", &name)]);
        service = service.gauge("component.last_activity", value, &[("component.name", &name)]);
        service = service.gauge("worker.uptime", value, &[("worker.id", &name), ("pool.name", "p")]);
        service = service.gauge("process.memory.usage", value, &[]).gauge("process.cpu.utilization", value, &[]);
    }
    for (metric, time) in
        service.metrics.iter_mut().zip([0, u64::MAX, 1, 18_429_206_400_000_000_000].into_iter().cycle())
    {
        if let Some(metric::Data::Gauge(gauge)) = &mut metric.data {
            gauge.data_points.iter_mut().for_each(|point| point.time_unix_nano = time);
        }
    }
    let mut spans = otlp::traces("ends", &["backwards", "zero", "late"]);
    let times = [(u64::MAX, 1), (0, 0), (1, u64::MAX)];
    for (span, (start, end)) in spans.resource_spans[0].scope_spans[0].spans.iter_mut().zip(times) {
        (span.start_time_unix_nano, span.end_time_unix_nano) = (start, end);
    }
    bridge.hear(&service).await;
    bridge.post("/v1/traces", spans.encode_to_vec()).await;
    for path in ["/metrics/json", "/components", "/health", "/alerts", "/metrics/api/metrics/stats", "/api/v1/snapshot"]
    {
        let answer = bridge.get(path).await;
        assert!([200, 503].contains(&answer.status), "{path}: {answer:?}");
        assert!(answer.json().is_object(), "{path}");
    }
    for path in ["/api/v1/traces", "/api/v1/workers", "/api/v1/pools", "/api/v1/history?of=pools", "/api/v1/events"] {
        assert!(bridge.get(path).await.status < 500, "{path}");
    }
    let page = bridge.get("/metrics").await.text();
    for number in ["NaN", "+Inf", "-Inf", "-0.0"] {
        assert!(
            page.lines().any(|line| line.starts_with("any_number{") && line.ends_with(&format!(" {number}"))),
            "{number}: {page}"
        );
    }
    let taken = sink.wait_for(Signal::Metrics, |taken| !taken.is_empty()).await;
    assert!(taken[0] == service.encoded());
    let taken = sink.wait_for(Signal::Traces, |taken| !taken.is_empty()).await;
    assert!(taken[0] == spans.encode_to_vec());
}

/// New series without end meet their cap; those that were known go on, and nothing is refused for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_flood_of_series() {
    let bridge =
        BridgeUnderTest::start("self_observation: false\nstate: { series_max: 2000, snapshot_interval: 20ms }").await;
    bridge.hear(&Service::new("known").gauge("known.value", 1.0, &[("a", "b")])).await;
    for round in 0..10 {
        let mut flood = Service::new("flood").gauge("flood.value", 1.0, &[]);
        let points = (0..5_000).map(|number| {
            let value = number_data_point::Value::AsInt(1);
            otlp::point(value, &[("id", &format!("{round}-{number}"))])
        });
        if let Some(metric::Data::Gauge(gauge)) = &mut flood.metrics[0].data {
            gauge.data_points = points.collect();
        }
        bridge.post("/v1/metrics", flood.encoded()).await;
    }
    bridge.post("/v1/metrics", Service::new("known").gauge("known.value", 2.5, &[("a", "b")]).encoded()).await;
    let page = eventually("the known series", async || {
        let page = bridge.get("/metrics").await.text();
        page.lines().any(|line| line.starts_with("known_value{") && line.ends_with(" 2.5")).then_some(page)
    })
    .await;
    let figure = |name: &str| -> f64 {
        let line = page.lines().find(|line| line.starts_with(&format!("{name} "))).unwrap_or_else(|| panic!("{name}"));
        line.rsplit(' ').next().unwrap().parse().unwrap()
    };
    assert!(figure("otel_bridge_series") <= 2_010.0, "{}", figure("otel_bridge_series"));
    assert!(figure("otel_bridge_series_overflowed_total") >= 45_000.0);
    assert!(page.lines().filter(|line| line.starts_with("flood_value{")).count() <= 2_001);
}

/// Two writers of one counter: it never falls in any view, and the overlap is counted.
#[tokio::test(flavor = "multi_thread")]
async fn two_writers() {
    let bridge = BridgeUnderTest::start("self_observation: false\nstate: { snapshot_interval: 10ms }").await;
    let mut last = 0;
    for (one, other) in [(10_u64, 5_u64), (20, 6), (30, 7)] {
        for items in [one, other] {
            bridge.post("/v1/metrics", Service::new("shop").component("c", "running", items, 0).encoded()).await;
            let listed = eventually("the component", async || {
                let listed = bridge.get("/components").await.json();
                listed["components"]["c"]["items_processed"].as_u64()
            })
            .await;
            assert!(listed >= last, "{listed} after {last}");
            last = listed;
        }
    }
}

/// A browser's page of another origin gets no leave, whatever it calls itself.
#[tokio::test(flavor = "multi_thread")]
async fn origins() {
    let yaml = "pull: [{ name: main, cors: { origins: [\"https://grafana.example\"] } }]";
    let bridge = BridgeUnderTest::start(yaml).await;
    for origin in
        ["null", "https://evil-grafana.example", "https://grafana.example.evil", "http://grafana.example", "*", ""]
    {
        for path in ["/metrics/json", "/metrics", "/health"] {
            let url = format!("{}{path}", bridge.pull());
            let answer = bridge.client.get_with(&url, &[("origin", origin)]).await;
            assert!(!answer.headers.contains_key("access-control-allow-origin"), "{origin}: {answer:?}");
        }
    }
    let url = format!("{}/metrics/json", bridge.pull());
    let answer = bridge.client.get_with(&url, &[("origin", "https://grafana.example")]).await;
    assert_eq!(answer.header("access-control-allow-origin"), "https://grafana.example");
}

/// Paths that climb, hide or break: an answer of 400 or 404, never a file, never a fault.
#[tokio::test(flavor = "multi_thread")]
async fn odd_paths() {
    let bridge = BridgeUnderTest::start("").await;
    let address = bridge.pull().replace("http://", "");
    let paths = [
        "/ui/..%2f",
        "/ui/%2e%2e/%2e%2e/etc/passwd",
        "/metrics/..%5c..%5cetc",
        "/%00",
        "/metrics%00.json",
        "/metrics/../../etc",
        "/metrics/assets/..%2f..%2fCargo.toml",
        "//etc/passwd",
        "/api/v1/workers/..%2f..%2f",
        "/%ff%fe",
        "/metrics/%",
        "/\\..\\",
        "/api/v1/breakers/%00/transitions",
        "/api/v1/history?of=%00",
        "/readyz/%2e%2e",
    ];
    for path in paths {
        let mut stream = TcpStream::connect(&address).await.unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        stream.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let status = answer.split(' ').nth(1).unwrap_or_else(|| panic!("{path}: {answer:?}"));
        assert!(["400", "404"].contains(&status), "{path}: {answer}");
        let body = answer.split("\r\n\r\n").nth(1).unwrap();
        let problem: Result<Value, _> = serde_json::from_str(body);
        assert!(body.is_empty() || problem.is_ok() || path.starts_with("/readyz"), "{path}: {answer}");
    }
}
