//! A service of axum that shows itself on its own port: its requests by a layer, with spans, and a circuit breaker around an
//! upstream that fails now and then.
//!
//! ```text
//! cargo run --example axum_service --features tower,failsafe
//! for call in $(seq 20); do curl -s http://127.0.0.1:8080/pay; done
//! curl -s http://127.0.0.1:8080/components
//! ```
//!
//! Argument: the address to listen on.

#![expect(clippy::print_stdout, reason = "a program for a person at a terminal")]

use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::extract::{MatchedPath, State};
use axum::http::{StatusCode, Uri};
use axum::routing::get;
use bytes::Bytes;
use failsafe::failure_policy::{self, ConsecutiveFailures};
use failsafe::{StateMachine, backoff};
use http_body_util::Empty;
use hyper_util::client::legacy::{Client, connect::HttpConnector};
use hyper_util::rt::TokioExecutor;
use otel_bridge::Bridge;
use otel_bridge::record::adapters::failsafe::{Counted, Told, watched};
use otel_bridge::record::adapters::tower::RequestLayer;
use tokio::net::TcpListener;

/// How long the breaker stays open.
const PAUSE: Duration = Duration::from_secs(2);

type Breaker = StateMachine<Counted<ConsecutiveFailures<backoff::Constant>>, Told>;

#[derive(Clone)]
struct Shop {
    client: Client<HttpConnector, Empty<Bytes>>,
    payments: Uri,
    breaker: Breaker,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8080".to_owned());
    let bridge = Bridge::builder().service_name("shop").push_from_env().build()?;
    bridge.watch_runtime("tokio")?;

    let api = bridge.component("shop_api").kind("http").register()?;
    let requests = RequestLayer::of_component(&api)
        .spans(bridge.tracer())
        .route(|extensions| extensions.get::<MatchedPath>().map(|path| path.as_str().to_owned()));
    let shown = bridge.circuit_breaker("payments").component("shop_api").register()?;
    let policy = failure_policy::consecutive_failures(3, backoff::constant(PAUSE));
    let shop = Shop {
        client: Client::builder(TokioExecutor::new()).build_http(),
        payments: format!("http://{}/", start_payments().await?).parse()?,
        breaker: watched(policy, &shown).build(),
    };

    // The layer is added before the views are merged: their requests are not the service's.
    let app = Router::new().route("/pay", get(pay)).with_state(shop).layer(requests).merge(bridge.router());
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/", listener.local_addr()?);
    let interrupted = async { drop(tokio::signal::ctrl_c().await) };
    axum::serve(listener, app).with_graceful_shutdown(interrupted).await?;
    Ok(bridge.shutdown().await?)
}

/// Calls the upstream unless the breaker is open.
async fn pay(State(shop): State<Shop>) -> (StatusCode, &'static str) {
    if !shop.breaker.is_call_permitted() {
        return (StatusCode::SERVICE_UNAVAILABLE, "payments are off\n");
    }
    match shop.client.get(shop.payments).await {
        Ok(answer) if answer.status().is_success() => {
            shop.breaker.on_success();
            (StatusCode::OK, "paid\n")
        }
        _ => {
            shop.breaker.on_error();
            (StatusCode::BAD_GATEWAY, "payments failed\n")
        }
    }
}

/// An upstream that answers four calls and fails the next four.
async fn start_payments() -> std::io::Result<SocketAddr> {
    let calls = Arc::new(AtomicU64::new(0));
    let answer = async move || {
        let call = calls.fetch_add(1, Ordering::Relaxed);
        if (call / 4).is_multiple_of(2) { StatusCode::OK } else { StatusCode::INTERNAL_SERVER_ERROR }
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let app = Router::new().route("/", get(answer));
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async { axum::serve(TcpListener::from_std(listener.into_std()?)?, app).await })
    });
    Ok(address)
}
