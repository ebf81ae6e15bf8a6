//! The document and the table of routes say the same.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::*;
use crate::clock::Clock;
use crate::config::listener::{Auth, Listener};
use crate::config::pull::{Prometheus, PullEndpoint};
use crate::listen::Sessions;
use crate::pull::route::table;
use crate::pull::tests::shared;
use crate::pull::v1::tests::{endpoint, get, state_of};

fn rendered() -> Value {
    serde_json::from_slice(&render(&asking(endpoint()))).unwrap()
}

/// An endpoint that asks for credentials: it has every route that any has.
fn asking(endpoint: PullEndpoint) -> Shared {
    let listener = Listener { auth: Some(Auth::default()), ..endpoint.listener.clone() };
    let sessions = Sessions::new(&listener, &Clock::manual(0)).unwrap().map(Arc::new);
    Shared { sessions, ..shared(endpoint) }
}

/// The paths of the table that programs are told of.
fn told(shared: &Shared) -> BTreeSet<String> {
    table(shared).iter().filter(|route| !route.is_page).map(route::Route::plain_path).collect()
}

/// Every handler that is described stands in the table of an endpoint with everything switched on: a path that the table
/// lost would leave the document in silence.
#[test]
fn nothing_is_described_in_vain() {
    let routes = told(&asking(endpoint()));
    for path in Document::openapi().paths.paths.keys() {
        for place in places(path, &endpoint().base) {
            assert!(routes.contains(&place), "{place}");
        }
    }
}

/// Every route stands in the document and every path of the document is a route, whatever the base.
#[test]
fn document_and_routes_are_the_same() {
    for base in ["/metrics", "/ops/pools", "", "/{odd}"] {
        for prometheus in [None, Some(Prometheus::default())] {
            let endpoint = PullEndpoint { base: base.to_owned(), prometheus, ..endpoint() };
            let shared = asking(endpoint);
            let routes = told(&shared);
            let document: Value = serde_json::from_slice(&render(&shared)).unwrap();
            let described: BTreeSet<String> = document["paths"].as_object().unwrap().keys().cloned().collect();
            assert_eq!(described, routes, "{:?}", shared.endpoint);
        }
    }
}

/// The document is `OpenAPI` 3.1, its operation ids are unique, its references lead somewhere.
#[test]
fn document_is_sound() {
    let document = rendered();
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1"));
    let mut ids = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        let is_post = item.get("post").is_some();
        let operation = &item[if is_post { "post" } else { "get" }];
        let id = operation["operationId"].as_str().unwrap_or_else(|| panic!("{path} has no id"));
        assert!(ids.insert(id.to_owned()), "{id} stands twice");
        assert!(operation["responses"].get(if is_post { "204" } else { "200" }).is_some(), "{path}");
        for placeholder in path.split('/').filter_map(|part| part.strip_prefix('{')) {
            let name = placeholder.trim_end_matches('}');
            let parameters = operation["parameters"].as_array().unwrap();
            assert!(parameters.iter().any(|one| one["name"] == name && one["in"] == "path"), "{path}");
        }
    }
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut references = Vec::new();
    collect(&document, &mut references);
    for reference in references {
        let name = reference.strip_prefix("#/components/schemas/").unwrap();
        assert!(schemas.contains_key(name), "{name}");
    }
    assert_eq!(schemas["MetricsConfig"]["properties"]["sseInterval"]["type"][0], "integer");
    assert!(schemas["Problem"]["properties"].get("candidates").is_some());
}

fn collect(value: &Value, references: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
            members.values().for_each(|member| collect(member, references));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, references)),
        _ => {}
    }
}

/// What the routes answer has the members that the document promises, and no other.
#[tokio::test]
async fn answers_are_as_described() {
    let state = state_of(endpoint());
    state.show(crate::pull::v1::tests::picture());
    let document = rendered();
    let mut checked = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let path = path.replace("{id}", "c").replace("{name}", "db");
        let content = &item["get"]["responses"]["200"]["content"];
        let schema = &content["application/json"]["schema"];
        if schema.is_null() || path.contains("openapi") {
            continue;
        }
        let uri = if path.ends_with("/history") { format!("{path}?entity=pool") } else { path };
        let (_, answer) = get(&state, &uri).await;
        check(&document, schema, &answer, &uri);
        checked += 1;
    }
    assert!(checked >= 20, "{checked}");
}

/// A small check of the parts of JSON Schema that the document uses.
fn check(document: &Value, schema: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema["$ref"].as_str() {
        return check(document, &document["components"]["schemas"][reference.rsplit('/').next().unwrap()], value, at);
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(choices) = schema[choice].as_array() {
            let fits = |one: &&Value| value.is_null() == (one["type"] == "null");
            let chosen = choices.iter().find(fits).unwrap_or_else(|| panic!("{at}: nothing fits {value}"));
            return check(document, chosen, value, at);
        }
    }
    if schema["allOf"].is_array() {
        return;
    }
    let kinds: Vec<&str> = match &schema["type"] {
        Value::String(kind) => vec![kind],
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect(),
        _ => return,
    };
    let is = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(kinds.contains(&is) || (is == "integer" && kinds.contains(&"number")), "{at}: {is} is not {kinds:?}");
    if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
        for value in values {
            check(document, items, value, &format!("{at}[]"));
        }
    }
    if let (Some(properties), Some(members)) = (schema["properties"].as_object(), value.as_object()) {
        for (name, member) in members {
            let described = properties.get(name).unwrap_or_else(|| panic!("{at}: {name} is not described"));
            check(document, described, member, &format!("{at}.{name}"));
        }
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            assert!(members.contains_key(name), "{at}: {name} is missing");
        }
    }
}
