//! Listeners and pull endpoints, in all three forms.

use serde_json::{Map, Value, json};

use super::values::{boolean, duration, list, mapping, reference, text, whole, words};
use super::{keys, object};

/// What the other schemas refer to.
pub(super) fn definitions() -> Map<String, Value> {
    let auth = keys([
        ("bearer_tokens", list(&text("Visible ASCII, no blanks."), json!([]), "Accepted bearer tokens.")),
        (
            "basic",
            mapping(&text("A bcrypt hash, cost 4 to 16."), "Accepted users and the bcrypt hashes of their passwords."),
        ),
        (
            "public",
            list(&json!({ "type": "string", "pattern": "^/" }), json!([]), "Exact paths that need no credentials."),
        ),
    ]);
    let tls = keys([
        ("certificate", text("PEM file with the certificate chain.")),
        ("key", text("PEM file with the private key.")),
        (
            "client_ca",
            text("PEM file with the authorities of client certificates; without one no connection is made then."),
        ),
    ]);
    let cors = keys([("origins", list(&text("An origin, or * alone."), json!([]), "Exact origins that may read."))]);
    let rate_limit = keys([
        ("per_second", whole(json!(100), 1..=1_000_000, "Requests a second.")),
        ("burst", whole(Value::Null, 1..=10_000_000, "Requests at once (default: three times per_second).")),
    ]);
    let component = keys([
        ("name", text("Unique.")),
        ("type", text("MetricsEndpoint makes a pull endpoint; every other type an expected component.")),
        ("config", json!({ "description": "Belongs to the component." })),
    ]);
    let metrics_endpoint = keys([("config", object("The endpoint.", &["port"], blueprint_endpoint()))]);
    let binding = keys([
        ("from_component", text("The sending component.")),
        ("to_component", text("The receiving component.")),
        ("stream_name", text("The stream's name.")),
    ]);
    keys([
        ("auth", object("Who may call; absent means anybody.", &[], auth)),
        ("server_tls", object("TLS; the files are read again when they change.", &["certificate", "key"], tls)),
        ("cors", object("Browsers that may call from other origins.", &[], cors)),
        (
            "rate_limit",
            json!({
                "description": "Requests for each client address; 0 is no limit.",
                "anyOf": [{ "enum": [0, false, "0"] }, object("A limit.", &[], rate_limit)],
            }),
        ),
        ("endpoint", object("A pull endpoint.", &[], native_endpoint())),
        (
            "component",
            json!({
                "type": "object",
                "properties": component,
                "required": ["name", "type"],
                "if": { "properties": { "type": { "const": "MetricsEndpoint" } } },
                "then": { "properties": metrics_endpoint, "required": ["config"] },
            }),
        ),
        (
            "binding",
            json!({ "type": "object", "properties": binding, "required": ["from_component", "to_component", "stream_name"] }),
        ),
    ])
}

/// The keys of every listener but its address and `cors`.
pub(super) fn listener(rate_limit: &Value) -> Map<String, Value> {
    keys([
        (
            "auth",
            reference("auth", "Who may call. Needed at an address that other machines reach, but for `insecure`."),
        ),
        ("tls", reference("server_tls", "TLS; absent is clear text.")),
        (
            "rate_limit",
            json!({ "$ref": "#/$defs/rate_limit", "description": "Requests for each client address; 0 is no limit.", "default": rate_limit }),
        ),
        ("connections_max", whole(json!(1024), 1..=1_000_000, "Most connections at once.")),
        ("insecure", boolean(false, "Allows an address that other machines reach without `auth`.")),
        ("trusted_proxies", list(&text("An IP address."), json!([]), "Addresses whose X-Forwarded-For is believed.")),
    ])
}

fn native_endpoint() -> Map<String, Value> {
    let mut properties = beside();
    properties.extend(keys([
        ("name", json!({ "description": "Unique.", "type": "string", "default": "system_metrics" })),
        ("address", address("127.0.0.1:9000")),
    ]));
    properties
}

pub(super) fn address(default: &str) -> Value {
    json!({ "$ref": "#/$defs/address", "description": "Where it listens.", "default": default })
}

fn blueprint_endpoint() -> Map<String, Value> {
    let mut properties = beside();
    properties.extend(keys([
        ("name", text("Unique (default: the component's name).")),
        ("port", whole(Value::Null, 0..=65_535, "The port; 0 lets the system choose.")),
        ("address", json!({ "description": "The host, without a port.", "type": "string", "default": "127.0.0.1" })),
    ]));
    properties
}

/// The keys that every form of a pull endpoint takes.
fn beside() -> Map<String, Value> {
    let prometheus = keys([
        ("names", words("spec", ["spec", "otel"], "Names of the system, component, pool and worker families.")),
        ("openmetrics", boolean(false, "Whether OpenMetrics is offered by content negotiation.")),
        (
            "resource_labels",
            list(&text("A resource attribute."), json!([]), "Resource attributes that every series carries."),
        ),
    ]);
    let filter = keys([
        ("service", text("Exact service.name.")),
        ("instance", text("Exact service.instance.id.")),
        ("environment", text("Exact deployment.environment.name.")),
    ]);
    let prometheus = json!({
        "description": "The Prometheus routes; false answers them with 404.",
        "anyOf": [{ "type": "boolean" }, { "$ref": "#/$defs/variable" }, object("How they print.", &[], prometheus)],
        "default": true,
    });
    let mut properties = listener(&json!({ "per_second": 100, "burst": 300 }));
    properties.extend(keys([
        ("cors", reference("cors", "Browsers that may read from other origins.")),
        ("enabled", boolean(true, "Whether it listens at all.")),
        ("base", json!({ "description": "Where the pool routes stand.", "type": "string", "default": "/metrics" })),
        (
            "pool_namespace",
            json!({ "description": "Prefix of the pool routes' families.", "type": "string", "default": "buntime" }),
        ),
        ("prometheus", prometheus),
        ("sse_interval", duration("1s", "Interval of the pool routes' event stream, 50ms to 1h.")),
        ("sseInterval", whole(Value::Null, 50..=3_600_000, "The same in milliseconds.")),
        ("filter", object("What it shows; absent is everything.", &[], filter)),
        ("sse_clients_max", whole(json!(10_000), 1..=1_000_000, "Most event stream clients.")),
        ("sse_clients_per_address_max", whole(json!(1000), 1..=1_000_000, "Most event stream clients of one address.")),
    ]));
    properties
}

/// `pull`.
pub(super) fn pull() -> Value {
    let one = json!({ "$ref": "#/$defs/endpoint" });
    json!({ "description": "Pull endpoints; absent is one with the defaults.", "anyOf": [{ "type": "array", "items": one.clone() }, one, { "type": "null" }] })
}

/// `system`.
pub(super) fn system() -> Value {
    let properties = keys([
        ("name", text("The system's name.")),
        (
            "components",
            list(&json!({ "$ref": "#/$defs/component" }), Value::Null, "Endpoints and expected components."),
        ),
        ("bindings", list(&json!({ "$ref": "#/$defs/binding" }), Value::Null, "Streams between components.")),
    ]);
    json!({ "description": "A blueprint.", "type": ["object", "null"], "properties": properties })
}

/// The manifest's own keys at the top level.
pub(super) fn manifest() -> Map<String, Value> {
    let mut properties = native_endpoint();
    let host =
        |what: &str| json!({ "description": format!("{what}; belongs to the plugin's host and has no effect here.") });
    properties.extend(keys([
        ("name", text("The plugin's name.")),
        ("injectBase", host("Whether the base is injected")),
        ("entrypoint", host("The dashboard's file")),
        ("pluginEntry", host("The plugin's file")),
        ("menus", host("Menus")),
    ]));
    properties
}
