//! A client of the streams.

use std::net::IpAddr;
use std::pin::Pin;

use axum::body::Body;
use axum::http::{Request, StatusCode};
use axum::response::Response;
use bytes::Bytes;
use futures_util::{Stream, StreamExt};
use tower::ServiceExt;

use crate::listen::ClientAddress;
use crate::pull::{PullState, router};

/// A client that reads message by message.
pub(super) struct Client {
    pub(super) body: Pin<Box<dyn Stream<Item = Result<Bytes, axum::Error>> + Send>>,
    pub(super) buffer: String,
}

#[derive(Debug, Default, PartialEq)]
pub(super) struct Heard {
    pub(super) event: Option<String>,
    pub(super) id: Option<String>,
    pub(super) data: String,
    pub(super) retry: Option<String>,
}

impl Heard {
    pub(super) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.data).unwrap()
    }

    pub(super) fn event(&self) -> &str {
        self.event.as_deref().unwrap_or("message")
    }
}

impl Client {
    /// The next message; none at the end of the stream.
    pub(super) async fn next(&mut self) -> Option<Heard> {
        loop {
            if let Some((message, rest)) = self.buffer.split_once("\n\n") {
                let mut heard = Heard::default();
                for line in message.lines() {
                    match line.split_once(": ").unwrap() {
                        ("event", value) => heard.event = Some(value.to_owned()),
                        ("id", value) => heard.id = Some(value.to_owned()),
                        ("data", value) => heard.data.push_str(value),
                        ("retry", value) => heard.retry = Some(value.to_owned()),
                        ("", _) => {}
                        other => panic!("{other:?}"),
                    }
                }
                self.buffer = rest.to_owned();
                return Some(heard);
            }
            let piece = self.body.next().await?.unwrap();
            self.buffer.push_str(std::str::from_utf8(&piece).unwrap());
        }
    }

    pub(super) async fn heard(&mut self) -> Heard {
        self.next().await.unwrap()
    }

    /// The next message that is no ping.
    pub(super) async fn news(&mut self) -> Heard {
        loop {
            let heard = self.heard().await;
            if heard.event() != "ping" {
                return heard;
            }
        }
    }
}

pub(super) async fn call(
    state: &PullState,
    uri: &str,
    last_event_id: Option<&[u8]>,
    address: Option<&str>,
) -> Response {
    let mut request = Request::builder().uri(uri);
    if let Some(id) = last_event_id {
        request = request.header("last-event-id", id);
    }
    let mut request = request.body(Body::empty()).unwrap();
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddress(address.parse::<IpAddr>().unwrap()));
    }
    router(state.clone()).oneshot(request).await.unwrap()
}

pub(super) async fn open_with(state: &PullState, uri: &str, last_event_id: Option<&[u8]>) -> Client {
    let response = call(state, uri, last_event_id, None).await;
    assert_eq!(response.status(), StatusCode::OK);
    Client { body: Box::pin(response.into_body().into_data_stream()), buffer: String::new() }
}

pub(super) async fn open(state: &PullState, uri: &str) -> Client {
    open_with(state, uri, None).await
}
