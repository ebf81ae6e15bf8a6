//! Conformance B, the HTTP door.

use super::*;

/// H6, G13: protobuf is taken, forwarded byte for byte, counted, and answered with an empty message.
#[tokio::test]
async fn protobuf_is_taken() {
    let bench = Bench::new();
    let mut body = metrics_bytes(10).to_vec();
    body.extend_from_slice(&[0xfa, 0x3e, 3, b'n', b'e', b'w']); // an unknown field, number 1007
    let seen = bench.post_metrics(&[], body.clone()).await;
    assert_eq!((seen.status, seen.header("content-type"), &seen.body[..]), (200, "application/x-protobuf", &b""[..]));
    assert_eq!(*bench.forward.requests.lock().unwrap(), [(Signal::Metrics, body.into(), 10)]);
    assert_eq!(bench.received(Receiver::Http), [10, 0, 0]);
    assert_eq!((bench.cell.items_processed.get(), bench.cell.errors.get()), (10, 0));
    bench.rests().await;
}
