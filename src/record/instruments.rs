//! The OpenTelemetry instruments of the local process (contract §6): observable ones that read the store's cells at each
//! collection. Each reader has a provider of its own: with two readers on one provider every callback would feed both, and an
//! entity that was removed between two collections would be exported once more.
//!
//! Attributes are told in the order of their keys: the SDK then keeps one form of each set instead of two. Their texts are those
//! of the cells, shared and not copied.

mod breakers;
mod components;
mod pools;
mod process;
mod streams;
mod workers;

use std::sync::Arc;

use opentelemetry::metrics::{AsyncInstrument, Meter};
use opentelemetry::{KeyValue, Value};

use crate::limits::ERROR_TYPES_MAX;
use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::worker::WorkerState;
use crate::record::Recorder;
use crate::record::convention::{self as names, Convention};
use crate::record::local::Local;

/// Instruments that have several attribute sets for each entity, and how many.
pub(super) const SETS: [(Convention, usize); 8] = [
    (names::POOL_WORKER_COUNT, 3),
    (names::WORKER_STATUS, WorkerState::ALL.len()),
    (names::WORKER_MEMORY, 2),
    (names::COMPONENT_STATUS, ComponentState::ALL.len()),
    // Each type, the rest of them, and errors without a type.
    (names::COMPONENT_ERRORS, ERROR_TYPES_MAX + 2),
    (names::BREAKER_STATUS, BreakerState::ALL.len()),
    (names::BREAKER_TRANSITIONS, BreakerState::ALL.len() * (BreakerState::ALL.len() - 1)),
    (names::BREAKER_CALLS, names::OUTCOMES.len()),
];

/// Registers every instrument over the recorder's instance.
pub fn register(meter: &Meter, recorder: &Recorder) {
    let on = On { meter, local: recorder.local() };
    pools::register(on);
    workers::register(on);
    components::register(on);
    breakers::register(on);
    streams::register(on);
    process::register(on, recorder.store());
}

/// What a callback reads.
type Read<T> = fn(&Local, &dyn AsyncInstrument<T>);

/// Where instruments are registered, and over what.
#[derive(Clone, Copy)]
struct On<'a> {
    meter: &'a Meter,
    local: &'a Arc<Local>,
}

impl On<'_> {
    fn gauge(self, what: Convention, read: Read<f64>) {
        let local = self.local.clone();
        let builder = self.meter.f64_observable_gauge(what.name).with_unit(what.unit);
        let builder = builder.with_description(what.description);
        builder.with_callback(move |observer| read(&local, observer)).build();
    }

    fn counter(self, what: Convention, read: Read<u64>) {
        let local = self.local.clone();
        let builder = self.meter.u64_observable_counter(what.name).with_unit(what.unit);
        let builder = builder.with_description(what.description);
        builder.with_callback(move |observer| read(&local, observer)).build();
    }

    fn up_down(self, what: Convention, read: Read<i64>) {
        let local = self.local.clone();
        let builder = self.meter.i64_observable_up_down_counter(what.name).with_unit(what.unit);
        let builder = builder.with_description(what.description);
        builder.with_callback(move |observer| read(&local, observer)).build();
    }
}

fn text(key: &'static str, value: &Arc<str>) -> KeyValue {
    KeyValue::new(key, Value::from(value.clone()))
}

fn word(key: &'static str, value: &'static str) -> KeyValue {
    KeyValue::new(key, value)
}
