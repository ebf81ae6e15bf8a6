//! Spans of requests, as the semantic conventions have them: HTTP 1.x stable, RPC as of its release candidate.

use std::borrow::Cow;

use http::{HeaderMap, Method, Request, StatusCode};
use opentelemetry::propagation::{Extractor, TextMapPropagator as _};
use opentelemetry::trace::{SpanKind, Status, TraceContextExt as _, Tracer as _};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::propagation::TraceContextPropagator;
use opentelemetry_sdk::trace::SdkTracer;

/// Methods that everybody knows; others are `_OTHER`, or anybody could make as many names as there are methods.
const METHODS: [Method; 9] = [
    Method::GET,
    Method::HEAD,
    Method::POST,
    Method::PUT,
    Method::DELETE,
    Method::CONNECT,
    Method::OPTIONS,
    Method::TRACE,
    Method::PATCH,
];

/// How a request ended.
pub(super) struct Answer<'a> {
    /// None where there is no response.
    pub(super) status: Option<StatusCode>,
    /// The code of gRPC, where the head tells it.
    pub(super) code: Option<&'static str>,
    /// The type of its error, if it failed.
    pub(super) error: Option<Cow<'static, str>>,
    /// What the error says.
    pub(super) words: &'a str,
    /// Whether the words say more than the status does.
    pub(super) is_own_error: bool,
}

struct Headers<'a>(&'a HeaderMap);

impl Extractor for Headers<'_> {
    fn get(&self, key: &str) -> Option<&str> {
        self.0.get(key)?.to_str().ok()
    }

    fn keys(&self) -> Vec<&str> {
        self.0.keys().map(http::HeaderName::as_str).collect()
    }
}

/// Begins the span of a request, in the trace that its headers name.
pub(super) fn begin<B>(tracer: &SdkTracer, request: &Request<B>, route: Option<String>, is_grpc: bool) -> Context {
    let parent = TraceContextPropagator::new().extract(&Headers(request.headers()));
    let (name, attributes) = if is_grpc { of_grpc(request) } else { of_http(request, route) };
    let builder = tracer.span_builder(name).with_kind(SpanKind::Server).with_attributes(attributes);
    let span = tracer.build_with_context(builder, &parent);
    parent.with_span(span)
}

fn of_grpc<B>(request: &Request<B>) -> (String, Vec<KeyValue>) {
    let method = request.uri().path().trim_start_matches('/').to_owned();
    let attributes = vec![KeyValue::new("rpc.system.name", "grpc"), KeyValue::new("rpc.method", method.clone())];
    (method, attributes)
}

fn of_http<B>(request: &Request<B>, route: Option<String>) -> (String, Vec<KeyValue>) {
    let known = METHODS.iter().find(|known| *known == request.method()).map(Method::as_str);
    let mut attributes = vec![
        KeyValue::new("http.request.method", known.unwrap_or("_OTHER").to_owned()),
        KeyValue::new("url.path", request.uri().path().to_owned()),
    ];
    if let Some(scheme) = request.uri().scheme_str() {
        attributes.push(KeyValue::new("url.scheme", scheme.to_owned()));
    }
    let mut name = known.unwrap_or("HTTP").to_owned();
    if let Some(route) = route {
        name = format!("{name} {route}");
        attributes.push(KeyValue::new("http.route", route));
    }
    (name, attributes)
}

/// Ends it.
pub(super) fn end(context: &Context, answer: &Answer<'_>) {
    let span = context.span();
    if let Some(code) = answer.code {
        span.set_attribute(KeyValue::new("rpc.response.status_code", code));
    }
    if let Some(status) = answer.status {
        span.set_attribute(KeyValue::new("http.response.status_code", i64::from(status.as_u16())));
    }
    if let Some(error) = &answer.error {
        span.set_attribute(KeyValue::new("error.type", error.clone()));
        let words = if answer.is_own_error { answer.words.to_owned() } else { String::new() };
        span.set_status(Status::error(words));
    }
    span.end();
}
