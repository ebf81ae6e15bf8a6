//! What is said in words (contract §6): errors of components and transitions of circuit breakers, as log events of the SDK that
//! wait for the next export up to a bound.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, UNIX_EPOCH};

use opentelemetry::InstrumentationScope;
use opentelemetry::logs::{AnyValue, LogRecord as _, Logger as _, LoggerProvider as _, Severity};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::transform::common::tonic::ResourceAttributesWithSchema;
use opentelemetry_proto::transform::logs::tonic::group_logs_by_resource_and_scope;
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::logs::{LogBatch, LogProcessor, SdkLogRecord, SdkLogger, SdkLoggerProvider};
use prost::Message;

use crate::limits::{OWN_ERRORS_TOLD_MAX, OWN_LOGS_MAX};
use crate::model::breaker::BreakerState;
use crate::record::convention as names;
use crate::record::export::Encoded;
use crate::state::cells::BreakerCell;
use crate::state::instance::Moment;

/// The local process's log events.
#[derive(Debug)]
pub struct OwnLogs {
    provider: SdkLoggerProvider,
    kept: Arc<Kept>,
    resource: ResourceAttributesWithSchema,
}

/// Log records that wait for their export, and which errors were told since the last one.
#[derive(Debug, Default)]
struct Kept {
    records: Mutex<Vec<(SdkLogRecord, InstrumentationScope)>>,
    dropped: AtomicU64,
    told: Mutex<BTreeMap<Arc<str>, Vec<u64>>>,
}

/// Keeps what was emitted.
#[derive(Debug)]
struct Keeping(Arc<Kept>);

impl LogProcessor for Keeping {
    fn emit(&self, record: &mut SdkLogRecord, scope: &InstrumentationScope) {
        let mut records = self.0.records.lock().unwrap_or_else(PoisonError::into_inner);
        if records.len() < OWN_LOGS_MAX {
            records.push((record.clone(), scope.clone()));
        } else {
            self.0.dropped.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(&self, _timeout: Duration) -> OTelSdkResult {
        Ok(())
    }
}

impl Kept {
    /// Whether an error becomes a log event: once between two exports, and at most so many different ones of a component.
    fn is_news(&self, component: &Arc<str>, error: (&str, &str)) -> bool {
        let mut hasher = DefaultHasher::new();
        error.hash(&mut hasher);
        let hash = hasher.finish();
        let mut told = self.told.lock().unwrap_or_else(PoisonError::into_inner);
        let of_component = told.entry(component.clone()).or_default();
        let is_news = of_component.len() < OWN_ERRORS_TOLD_MAX && !of_component.contains(&hash);
        if is_news {
            of_component.push(hash);
        }
        is_news
    }
}

impl OwnLogs {
    /// A logger provider whose records wait to be taken.
    pub fn new(resource: Resource) -> Self {
        let kept = Arc::new(Kept::default());
        let attributes = ResourceAttributesWithSchema::from(&resource);
        let builder = SdkLoggerProvider::builder().with_resource(resource);
        let provider = builder.with_log_processor(Keeping(kept.clone())).build();
        Self { provider, kept, resource: attributes }
    }

    /// The provider, for a service that emits log records of its own.
    pub fn provider(&self) -> SdkLoggerProvider {
        self.provider.clone()
    }

    /// What the handles tell through.
    pub(super) fn teller(&self) -> Teller {
        let scope = InstrumentationScope::builder(env!("CARGO_PKG_NAME")).with_version(env!("CARGO_PKG_VERSION"));
        Teller { logger: self.provider.logger_with_scope(scope.build()), kept: self.kept.clone() }
    }

    /// The records since the last call, oldest first.
    pub fn take(&self) -> Vec<(SdkLogRecord, InstrumentationScope)> {
        self.kept.told.lock().unwrap_or_else(PoisonError::into_inner).clear();
        std::mem::take(&mut *self.kept.records.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Records that found no room while they waited.
    pub fn dropped(&self) -> u64 {
        self.kept.dropped.load(Ordering::Relaxed)
    }

    /// The records since the last call, as an export request; none when there are none.
    pub fn collect(&self) -> Option<Encoded> {
        let records = self.take();
        if records.is_empty() {
            return None;
        }
        let borrowed: Vec<_> = records.iter().map(|(record, scope)| (record, scope)).collect();
        let resource_logs = group_logs_by_resource_and_scope(&LogBatch::new(&borrowed), &self.resource);
        let items = records.len() as u64;
        Some(Encoded { body: ExportLogsServiceRequest { resource_logs }.encode_to_vec(), items })
    }
}

/// What a handle tells through; it may outlive the rest, and then tells nobody.
#[derive(Clone, Debug)]
pub(crate) struct Teller {
    logger: SdkLogger,
    kept: Arc<Kept>,
}

impl Teller {
    /// `component.error`.
    pub(super) fn component_error(&self, component: &Arc<str>, kind: &str, message: &str, at: Moment) {
        if !self.kept.is_news(component, (kind, message)) {
            return;
        }
        let attributes = [
            (names::ATTRIBUTE_COMPONENT, component.to_string()),
            (names::ATTRIBUTE_ERROR_TYPE, kind.to_owned()),
            (names::ATTRIBUTE_EXCEPTION_MESSAGE, message.to_owned()),
        ];
        self.emit(names::EVENT_COMPONENT_ERROR, Severity::Error, attributes, at);
    }

    /// `circuit_breaker.transition`.
    pub(super) fn breaker_transition(
        &self,
        breaker: &BreakerCell,
        (from, to): (BreakerState, BreakerState),
        reason: &str,
        at: Moment,
    ) {
        let component = breaker.component.get().map(|name| (names::ATTRIBUTE_COMPONENT, name.to_string()));
        let reason = Some((names::ATTRIBUTE_REASON, reason.to_owned())).filter(|(_, reason)| !reason.is_empty());
        let attributes = [
            (names::ATTRIBUTE_BREAKER, breaker.name.to_string()),
            (names::ATTRIBUTE_FROM, from.as_str().to_owned()),
            (names::ATTRIBUTE_TO, to.as_str().to_owned()),
        ];
        let severity = if to.folded() == BreakerState::Open { Severity::Warn } else { Severity::Info };
        let attributes = attributes.into_iter().chain(component).chain(reason);
        self.emit(names::EVENT_BREAKER_TRANSITION, severity, attributes, at);
    }

    fn emit(
        &self,
        event: &'static str,
        severity: Severity,
        attributes: impl IntoIterator<Item = (&'static str, String)>,
        at: Moment,
    ) {
        let mut record = self.logger.create_log_record();
        let time = UNIX_EPOCH + Duration::from_millis(at.unix_ms);
        record.set_event_name(event);
        record.set_timestamp(time);
        record.set_observed_timestamp(time);
        record.set_severity_number(severity);
        record.set_severity_text(severity.name());
        record.add_attributes(attributes.into_iter().map(|(key, value)| (key, AnyValue::from(value))));
        self.logger.emit(record);
    }
}
