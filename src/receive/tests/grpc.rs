//! Conformance A, the gRPC door.

use opentelemetry_proto::tonic::collector::metrics::v1::metrics_service_client::MetricsServiceClient;
use tonic::transport::Channel;

use super::*;

async fn client(bench: &Bench) -> MetricsServiceClient<Channel> {
    MetricsServiceClient::connect(format!("http://{}", bench.grpc())).await.unwrap()
}

/// G1, G7: an export is taken, forwarded byte for byte and counted; `partial_success` stays unset.
#[tokio::test]
async fn an_export_is_taken() {
    let bench = Bench::new();
    let response = client(&bench).await.export(metrics(10)).await.unwrap();
    assert_eq!(response.into_inner().partial_success, None);
    assert_eq!(*bench.forward.requests.lock().unwrap(), [(Signal::Metrics, metrics_bytes(10), 10)]);
    assert_eq!(bench.received(Receiver::Grpc), [10, 0, 0]);
    bench.rests().await;
}
