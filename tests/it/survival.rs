//! A bridge that is killed: what it had acknowledged arrives.

use std::collections::BTreeSet;

use otel_bridge::model::signal::Signal as Telemetry;
use rustix::process::Signal;

use crate::harness::child::configuration;
use crate::harness::{Child, Reply, Sink, otlp};

const BATCH: u64 = 10;

fn to(sink: &Sink) -> String {
    let rest = ", signals: [metrics], queue: { directory: data }, retry: { initial: 20ms, max: 50ms }";
    configuration(&format!("self_observation: false\npush: [{}]", sink.destination("grpc", rest)))
}

/// Posts batch after batch until the bridge is gone; the batches that were acknowledged.
async fn post_until_gone(child: &Child, from: u64) -> Vec<u64> {
    let url = format!("{}/v1/metrics", child.door("OTLP/HTTP"));
    let kind = [("content-type", "application/x-protobuf")];
    let mut acknowledged = Vec::new();
    for batch in from.. {
        let body = otlp::numbered(batch * BATCH, (batch + 1) * BATCH);
        match child.client.request("POST", &url, &kind, body).await {
            Ok(answer) if answer.status == 200 => acknowledged.push(batch),
            Ok(answer) => panic!("{answer:?}"),
            Err(_) => break,
        }
    }
    acknowledged
}

/// `kill -9` in the middle of posting, twice, first with the destination away: all that was answered with 200 is delivered after
/// the restart, and nothing that was never sent.
#[tokio::test(flavor = "multi_thread")]
async fn what_was_acknowledged_survives_kill() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start().await;
    let mut acknowledged = Vec::new();
    for (from, reply) in [(0, Some(Reply::Status(503))), (1_000_000, None)] {
        sink.always(reply);
        let mut child = Child::serve(home.path(), &to(&sink), &[]).await;
        let killed = async {
            let enough = async || {
                let queued = child.get("/metrics").await.text();
                let line = queued.lines().find(|line| line.starts_with("otel_bridge_accepted_items_total"));
                let items: u64 = line.and_then(|line| line.rsplit(' ').next()?.parse().ok()).unwrap_or(0);
                (items >= 20 * BATCH).then_some(())
            };
            crate::harness::eventually("some batches", enough).await;
            child.signal(Signal::KILL);
        };
        let (posted, ()) = tokio::join!(post_until_gone(&child, from), killed);
        assert!(posted.len() >= 20);
        acknowledged.extend(posted);
        child.end().await;
    }
    sink.always(None);
    let _child = Child::serve(home.path(), &to(&sink), &[]).await;
    let wanted: BTreeSet<u64> = acknowledged.iter().flat_map(|batch| batch * BATCH..(batch + 1) * BATCH).collect();
    let arrived =
        |taken: &[bytes::Bytes]| -> BTreeSet<u64> { taken.iter().flat_map(|body| otlp::numbers(body)).collect() };
    let taken = sink.wait_for(Telemetry::Metrics, |taken| wanted.is_subset(&arrived(taken))).await;
    // A batch that was committed but not yet answered may come too: one in each life at most.
    assert!(arrived(&taken).len() - wanted.len() <= 2 * BATCH as usize);
}
