//! The variables of the OpenTelemetry specification (conformance G). An empty variable counts as unset, a wrong one is a
//! warning and is ignored, and no message ever holds a value: headers and URLs may hold credentials.

pub(crate) mod destination;

use std::time::Duration;

use percent_encoding::percent_decode_str;

use crate::config::Config;
use crate::config::environment::Environment;
use crate::config::error::Report;
use crate::config::temporality::Temporality;

/// The environment, and where warnings go.
pub(crate) struct Variables<'a> {
    pub(crate) environment: &'a dyn Environment,
    pub(crate) report: &'a Report,
}

impl Variables<'_> {
    /// Adds what the variables say to what the file said; the file wins.
    pub(crate) fn apply(&self, config: &mut Config, takes_push: bool, says_self_observation: bool) {
        if let Some(interval) = self.milliseconds("OTEL_METRIC_EXPORT_INTERVAL") {
            config.metric_export_interval = interval;
        }
        config.metric_temporality = self.temporality();
        config.resource = self.resource();
        // The specification means the process's own telemetry, not what it carries for others.
        if !says_self_observation && self.boolean("OTEL_SDK_DISABLED") {
            config.self_observation = false;
        }
        if takes_push {
            config.push = self.destinations(config);
        }
    }

    /// The variable, if it is set and not empty.
    fn text(&self, name: &str) -> Option<String> {
        let value = self.environment.get(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    /// Only `true` is true, in any case.
    fn boolean(&self, name: &str) -> bool {
        let Some(text) = self.text(name) else { return false };
        if !["true", "false"].iter().any(|word| text.eq_ignore_ascii_case(word)) {
            self.ignored(name, "is neither `true` nor `false` and counts as false");
        }
        text.eq_ignore_ascii_case("true")
    }

    fn milliseconds(&self, name: &str) -> Option<Duration> {
        let text = self.text(name)?;
        let found = text.parse::<u64>().ok().filter(|count| (1..=86_400_000).contains(count));
        if found.is_none() {
            self.ignored(name, "is no number of milliseconds from 1 to 86400000 and is ignored");
        }
        found.map(Duration::from_millis)
    }

    fn temporality(&self) -> Temporality {
        let name = "OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE";
        match self.text(name).map(|text| text.to_ascii_lowercase()).as_deref() {
            None | Some("cumulative") => Temporality::Cumulative,
            Some("delta") => Temporality::Delta,
            Some("lowmemory") => Temporality::LowMemory,
            Some(_) => {
                self.ignored(name, "is none of `cumulative`, `delta`, `lowmemory` and is ignored");
                Temporality::Cumulative
            }
        }
    }

    /// `OTEL_SERVICE_NAME` beats the `service.name` of `OTEL_RESOURCE_ATTRIBUTES`. One wrong pair voids all of them, as the
    /// specification asks.
    fn resource(&self) -> Vec<(String, String)> {
        let name = "OTEL_RESOURCE_ATTRIBUTES";
        let mut attributes = match self.text(name).map(|text| pairs(&text)) {
            None => Vec::new(),
            Some(Some(pairs)) => pairs,
            Some(None) => {
                self.ignored(name, "is no list `key=value,key2=value2` with percent-encoded values and is ignored");
                Vec::new()
            }
        };
        if let Some(service) = self.text("OTEL_SERVICE_NAME") {
            attributes.retain(|(key, _)| key != "service.name");
            attributes.push(("service.name".to_owned(), service));
        }
        attributes
    }

    fn ignored(&self, name: &str, what: &str) {
        self.report.warn(format!("the variable {name} {what}"));
    }
}

/// `k=v,k2=v2`, percent-decoded; of a key that stands twice the last counts. None when a part is no pair.
fn pairs(text: &str) -> Option<Vec<(String, String)>> {
    let decode = |part: &str| percent_decode_str(part.trim()).decode_utf8().ok().map(std::borrow::Cow::into_owned);
    let mut found: Vec<(String, String)> = Vec::new();
    for part in text.split(',').filter(|part| !part.trim().is_empty()) {
        let (key, value) = part.split_once('=')?;
        let (key, value) = (decode(key)?, decode(value)?);
        if key.is_empty() {
            return None;
        }
        found.retain(|(other, _)| *other != key);
        found.push((key, value));
    }
    Some(found)
}
