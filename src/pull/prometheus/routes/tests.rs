//! The routes: paths, negotiation, compression, one rendering for many (contract §4.1, §5; conformance N, H).

use std::io::Read;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body as HttpBody;
use axum::http::{Request, StatusCode};
use http_body_util::BodyExt;
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::metrics::v1::metric::Data;
use opentelemetry_proto::tonic::metrics::v1::number_data_point::Value as PointValue;
use opentelemetry_proto::tonic::metrics::v1::{Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics};
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;
use tower::ServiceExt;

use super::*;
use crate::config::pull::PullEndpoint;
use crate::model::signal::Signal;
use crate::pull::prometheus::checker;
use crate::pull::tests::{endpoint, no_series_but, shared};
use crate::state::parts::Part;

fn router(prometheus: Option<Prometheus>, renderings: &Arc<AtomicUsize>) -> Router {
    let counted = renderings.clone();
    let own = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        Vec::new()
    };
    let exposition = no_series_but(Some(Meters { source: Arc::new(own), part: Part::new("meters") }));
    let endpoint = PullEndpoint { base: "/plugin".to_owned(), prometheus, ..endpoint() };
    crate::pull::router(PullState::new(crate::pull::Shared { exposition, ..shared(endpoint) }))
}

fn with_openmetrics() -> Prometheus {
    Prometheus { openmetrics: true, ..Prometheus::default() }
}

async fn ask(router: Router, method: &str, path: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Vec<u8>) {
    let mut request = Request::builder().method(method).uri(path);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = router.oneshot(request.body(HttpBody::empty()).unwrap()).await.unwrap();
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

/// Every path answers with its page, HEAD without one, other methods with 405 and `Allow`.
#[tokio::test]
async fn serves_every_path() {
    let router = router(Some(Prometheus::default()), &Arc::default());
    let rows = [
        ("/metrics", "# HELP system_uptime_seconds "),
        ("/prometheus?service=a", "# HELP system_uptime_seconds "),
        ("/plugin/api/metrics/prometheus", "# HELP buntime_pool_size "),
        ("/plugin/api/prometheus?pool=main", "# HELP buntime_pool_size "),
    ];
    for (path, start) in rows {
        let (status, headers, body) = ask(router.clone(), "GET", path, &[("accept", "text/html")]).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (StatusCode::OK, "text/plain; version=0.0.4; charset=utf-8")
        );
        assert_eq!(headers["vary"], "Accept, Accept-Encoding");
        assert!(body.starts_with(start.as_bytes()), "{path}");
        let (status, _, body) = ask(router.clone(), "HEAD", path, &[]).await;
        assert_eq!((status, body.len()), (StatusCode::OK, 0));
        let (status, headers, _) = ask(router.clone(), "POST", path, &[]).await;
        assert_eq!(status, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(headers["allow"], "GET,HEAD");
    }
    let (status, ..) = ask(router, "GET", "/metrics?service=a&service=b", &[]).await;
    assert_eq!(status, StatusCode::BAD_REQUEST);
}

/// Contract §4.2: `prometheus: false` makes every route 404.
#[tokio::test]
async fn switched_off() {
    let router = router(None, &Arc::default());
    for path in ["/metrics", "/prometheus", "/plugin/api/metrics/prometheus", "/plugin/api/prometheus"] {
        let (status, headers, _) = ask(router.clone(), "GET", path, &[]).await;
        assert_eq!(
            (status, headers["content-type"].to_str().unwrap()),
            (StatusCode::NOT_FOUND, "application/problem+json")
        );
    }
}

/// N2, O: OpenMetrics where it is offered and asked for; gzip unpacks to the same text.
#[tokio::test]
async fn negotiates() {
    let router = router(Some(with_openmetrics()), &Arc::default());
    let accept = ("accept", "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8");
    let (_, headers, plain) = ask(router.clone(), "GET", "/metrics", &[accept]).await;
    let kind = "application/openmetrics-text; version=1.0.0; charset=utf-8; escaping=underscores";
    assert_eq!(headers["content-type"], kind);
    assert!(plain.ends_with(b"# EOF\n"));
    let (_, headers, packed) = ask(router, "GET", "/metrics", &[accept, ("accept-encoding", "gzip")]).await;
    assert_eq!(headers["content-encoding"], "gzip");
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&*packed).read_to_end(&mut unpacked).unwrap();
    assert_eq!(unpacked, plain);
}

/// H: two hundred scrapers at once, half of them with gzip: one rendering.
#[tokio::test]
async fn renders_once_for_many() {
    let renderings = Arc::new(AtomicUsize::new(0));
    let router = router(Some(Prometheus::default()), &renderings);
    let gzip: &[(&str, &str)] = &[("accept-encoding", "gzip")];
    let asks = (0..200).map(|number| ask(router.clone(), "GET", "/metrics", if number % 2 == 0 { gzip } else { &[] }));
    let answers = futures_util::future::join_all(asks).await;
    assert!(answers.iter().all(|(status, ..)| *status == StatusCode::OK));
    assert_eq!(renderings.load(Ordering::Relaxed), 1);
    ask(router, "GET", "/metrics?service=other", &[]).await;
    assert_eq!(renderings.load(Ordering::Relaxed), 2);
}

/// Meters of the process that fail cost their own families, and are named as a part that could not be read.
#[tokio::test]
async fn failing_meters_cost_only_themselves() {
    let own = || -> Vec<MetricFamily> { panic!("a callback failed") };
    let mut shown = shared(endpoint());
    let part = shown.store.accounting().parts.part("meters");
    shown.exposition = no_series_but(Some(Meters { source: Arc::new(own), part }));
    let (clock, router) = (shown.clock.clone(), crate::pull::router(PullState::new(shown)));
    let (status, _, page) = ask(router.clone(), "GET", "/metrics", &[]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(String::from_utf8(page).unwrap().contains("\nsystem_uptime_seconds "));
    clock.advance(Duration::from_secs(1));
    let (_, _, about) = ask(router.clone(), "GET", "/api/v1/about", &[]).await;
    let about: serde_json::Value = serde_json::from_slice(&about).unwrap();
    let errors = serde_json::json!([{ "part": "meters", "message": "panicked: a callback failed" }]);
    assert_eq!(about["errors"], errors);
    let (_, _, page) = ask(router, "GET", "/metrics", &[]).await;
    assert!(String::from_utf8(page).unwrap().contains("\notel_bridge_unreadable_parts{part=\"meters\"} 1\n"));
}

/// Bytes in, lines out: a received metric stands in the page with `job` and `instance`, and leaves with its instance.
#[tokio::test]
async fn shows_what_was_received() {
    let shown = shared(PullEndpoint { prometheus: Some(Prometheus::default()), ..endpoint() });
    let (clock, store) = (shown.clock.clone(), shown.store.clone());
    let exposition = Exposition::new(store.clone(), None);
    let router = crate::pull::router(PullState::new(crate::pull::Shared { exposition, ..shown }));
    for _ in 0..2 {
        store.ingest(Signal::Metrics, &request().encode_to_vec());
        clock.advance(Duration::from_secs(10));
    }
    let lines = async |router: Router| {
        let (_, _, body) = ask(router, "GET", "/metrics", &[]).await;
        let page = String::from_utf8(body).unwrap();
        checker::read(&page, Format::Text).unwrap_or_else(|why| panic!("{why}\n{page}"));
        page.lines()
            .filter(|line| line.starts_with("queue_length") || line.starts_with("target_info"))
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let expected = [
        "target_info{job=\"web\",instance=\"i1\"} 1",
        "queue_length{exported_job=\"mine\",otel_scope_name=\"lib\",job=\"web\",instance=\"i1\"} 7",
    ];
    assert_eq!(lines(router.clone()).await, expected);
    clock.advance(Duration::from_mins(2));
    store.tick();
    assert_eq!(lines(router).await, Vec::<String>::new());
}

fn request() -> ExportMetricsServiceRequest {
    let text = |key: &str, value: &str| {
        let value = Some(AnyValue { value: Some(Any::StringValue(value.to_owned())) });
        KeyValue { key: key.to_owned(), value, ..KeyValue::default() }
    };
    let attributes = vec![text("service.name", "web"), text("service.instance.id", "i1")];
    let resource = Some(Resource { attributes, ..Resource::default() });
    let value = Some(PointValue::AsInt(7));
    let point = NumberDataPoint { attributes: vec![text("job", "mine")], value, ..NumberDataPoint::default() };
    let data = Some(Data::Gauge(Gauge { data_points: vec![point] }));
    let metric = Metric { name: "queue.length".to_owned(), data, ..Metric::default() };
    let scope = Some(InstrumentationScope { name: "lib".to_owned(), ..InstrumentationScope::default() });
    let scope_metrics = vec![ScopeMetrics { scope, metrics: vec![metric], ..ScopeMetrics::default() }];
    let resource_metrics = vec![ResourceMetrics { resource, scope_metrics, ..ResourceMetrics::default() }];
    ExportMetricsServiceRequest { resource_metrics }
}
