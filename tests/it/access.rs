//! Who may ask: credentials, TLS and client certificates of every kind of door, and the health service.

use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_check_response::ServingStatus;
use tonic_health::pb::health_client::HealthClient;

use crate::harness::tls::Authority;
use crate::harness::{BridgeUnderTest, Client, Service, eventually};

const EXPORT: &str = "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export";

/// Bearer and basic on a pull endpoint: nothing without, everything with; probes answer all, details only those who are known.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_a_pull_endpoint() {
    let hash = bcrypt::hash("secret", 4).unwrap();
    let auth = format!("auth: {{ bearer_tokens: [\"right-token\"], basic: {{ ana: \"{hash}\" }}, public: [/alerts] }}");
    let bridge = BridgeUnderTest::start(&format!("pull: [{{ name: main, {auth} }}]")).await;
    let ask = async |path: &str, value: &str| {
        let header = [("authorization", value)];
        bridge.client.get_with(&format!("{}{path}", bridge.pull()), if value.is_empty() { &[] } else { &header }).await
    };
    for path in
        ["/", "/metrics", "/metrics/json", "/health", "/api/v1/snapshot", "/metrics/api/metrics/sse", "/nothing"]
    {
        for wrong in ["", "Bearer wrong-token", "Basic YW5hOndyb25n", "Bearer", "right-token"] {
            let answer = ask(path, wrong).await;
            assert_eq!(answer.status, 401, "{path} with {wrong:?}: {answer:?}");
            assert!(
                answer.header("www-authenticate").contains("Bearer") || answer.headers.contains_key("www-authenticate")
            );
            assert!(answer.header("content-type").starts_with("application/problem+json"), "{answer:?}");
        }
    }
    for right in ["Bearer right-token", "Basic YW5hOnNlY3JldA=="] {
        for path in ["/", "/metrics", "/metrics/json", "/health", "/api/v1/snapshot"] {
            assert_eq!(ask(path, right).await.status, 200, "{path} with {right}");
        }
    }
    assert_eq!(ask("/alerts", "").await.status, 200, "a public path");
    assert_eq!(ask("/alerts/", "").await.status, 401, "exactly that path");
    for probe in ["/livez", "/readyz", "/healthz"] {
        assert_eq!(ask(probe, "").await.status, 200);
    }
    bridge.bridge.readiness().set("it", otel_bridge::readiness::Standing::Failed("a private reason".to_owned()));
    let (stranger, known) = (ask("/readyz?verbose", "").await, ask("/readyz?verbose", "Bearer right-token").await);
    assert_eq!((stranger.status, known.status), (503, 503));
    assert!(!stranger.text().contains("private") && known.text().contains("private"), "{stranger:?} {known:?}");
}

/// Credentials of the OTLP doors, over HTTP and gRPC; nothing of a refused request is taken.
#[tokio::test(flavor = "multi_thread")]
async fn credentials_of_the_doors() {
    let auth = "{ address: 127.0.0.1:0, auth: { bearer_tokens: [right-token] } }";
    let bridge = BridgeUnderTest::start(&format!("receive: {{ otlp: {{ grpc: {auth}, http: {auth} }} }}")).await;
    let body = Service::new("shop").component("api", "running", 1, 0).encoded();
    let (grpc, http) = (bridge.door("OTLP/gRPC"), format!("{}/v1/metrics", bridge.door("OTLP/HTTP")));
    for wrong in ["Bearer wrong", "Basic YTpi"] {
        let answer = bridge.client.call(&grpc, EXPORT, &body, &[("authorization", wrong)]).await;
        assert_eq!(answer.grpc_code(), 16, "{answer:?}");
        let headers = [("content-type", "application/x-protobuf"), ("authorization", wrong)];
        assert_eq!(bridge.client.request("POST", &http, &headers, body.clone()).await.unwrap().status, 401);
    }
    let services = bridge.get("/api/v1/services").await.text();
    assert!(!services.contains("shop"), "{services}");
    let right = ("authorization", "Bearer right-token");
    assert_eq!(bridge.client.call(&grpc, EXPORT, &body, &[right]).await.grpc_code(), 0);
    let headers = [("content-type", "application/x-protobuf"), right];
    assert_eq!(bridge.client.request("POST", &http, &headers, body).await.unwrap().status, 200);
}

/// TLS on every door, and with `client_ca` nothing without a certificate of that authority.
#[tokio::test(flavor = "multi_thread")]
async fn tls_everywhere() {
    let authority = Authority::new();
    let files = tempfile::tempdir().unwrap();
    authority.write(files.path());
    for is_mutual in [false, true] {
        let folder = files.path().display();
        let ca = if is_mutual { format!(", client_ca: {folder}/ca.crt") } else { String::new() };
        let tls = format!("tls: {{ certificate: {folder}/tls.crt, key: {folder}/tls.key{ca} }}");
        let door = format!("{{ address: 127.0.0.1:0, {tls} }}");
        let yaml = format!("receive: {{ otlp: {{ grpc: {door}, http: {door} }} }}\npull: [{{ name: main, {tls} }}]");
        let bridge = BridgeUnderTest::start(&yaml).await;
        let urls = [format!("{}/readyz", bridge.pull()), format!("{}/v1/metrics", bridge.door("OTLP/HTTP"))];
        let right = Client::with_authority(&authority.certificate(), is_mutual.then(|| authority.identity()));
        assert!(urls.iter().all(|url| url.starts_with("https://")));
        assert_eq!(right.get(&urls[0]).await.status, 200);
        let body = Service::new("shop").component("api", "running", 1, 0).encoded();
        assert_eq!(right.post(&urls[1], "application/x-protobuf", body.clone()).await.status, 200);
        let answer = right.call(&bridge.door("OTLP/gRPC"), EXPORT, &body, &[]).await;
        assert_eq!(answer.grpc_code(), 0, "{answer:?}");
        let stranger = Authority::new();
        let mut wrong = vec![Client::new(), Client::with_authority(&stranger.certificate(), None)];
        if is_mutual {
            wrong.push(Client::with_authority(&authority.certificate(), None));
            wrong.push(Client::with_authority(&authority.certificate(), Some(stranger.identity())));
        }
        for client in wrong {
            for url in &urls {
                client.request("GET", url, &[], Vec::new()).await.expect_err("no connection");
            }
        }
        let plain = urls[0].replace("https://", "http://");
        let answer = right.request("GET", &plain, &[], Vec::new()).await;
        assert!(answer.is_err(), "clear text on a TLS port: {answer:?}");
    }
}

/// `grpc.health.v1`, asked by its own client: the empty name is readiness, a service is what its score says.
#[tokio::test(flavor = "multi_thread")]
async fn health_service() {
    let bridge = BridgeUnderTest::start("").await;
    bridge.hear(&Service::new("good").component("a", "running", 1, 0)).await;
    bridge.hear(&Service::new("bad").component("b", "failed", 1, 0)).await;
    let channel = tonic::transport::Endpoint::from_shared(bridge.door("OTLP/gRPC")).unwrap().connect().await.unwrap();
    let check = async |service: &str| {
        let request = HealthCheckRequest { service: service.to_owned() };
        let answer = HealthClient::new(channel.clone()).check(request).await;
        answer.map(|answer| answer.into_inner().status()).map_err(|status| status.code())
    };
    for (service, wanted) in
        [("", ServingStatus::Serving), ("good", ServingStatus::Serving), ("bad", ServingStatus::NotServing)]
    {
        let told = async || (check(service).await == Ok(wanted)).then_some(());
        eventually(&format!("{service:?} is {wanted:?}"), told).await;
    }
    assert_eq!(check("unknown").await, Err(tonic::Code::NotFound));
    bridge.bridge.readiness().set("it", otel_bridge::readiness::Standing::Failed("so".to_owned()));
    eventually("not ready", async || (check("").await == Ok(ServingStatus::NotServing)).then_some(())).await;
    assert_eq!(check("good").await, Ok(ServingStatus::Serving), "readiness is not a service's health");
}
