//! Instruments of circuit breakers.

use opentelemetry::KeyValue;

use crate::model::breaker::BreakerState;
use crate::record::convention as names;
use crate::record::instruments::{On, text, word};
use crate::state::cells::BreakerCell;

fn label(breaker: &BreakerCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_BREAKER, &breaker.name)]
}

pub(super) fn register(on: On<'_>) {
    on.up_down(names::BREAKER_STATUS, |local, observer| {
        for breaker in local.instance.breakers() {
            let now = breaker.state();
            let component = breaker.component.get().map(|name| text(names::ATTRIBUTE_COMPONENT, name));
            for state in BreakerState::ALL {
                let [name] = label(&breaker);
                let state_is = word(names::ATTRIBUTE_BREAKER_STATE, state.as_str());
                let is_it = i64::from(state == now);
                match &component {
                    Some(component) => observer.observe(is_it, &[name, state_is, component.clone()]),
                    None => observer.observe(is_it, &[name, state_is]),
                }
            }
        }
    });
    on.counter(names::BREAKER_FAILURES, |local, observer| {
        for breaker in local.instance.breakers() {
            observer.observe(breaker.failures.get(), &label(&breaker));
        }
    });
    on.counter(names::BREAKER_TRANSITIONS, |local, observer| {
        for breaker in local.instance.breakers() {
            breaker.each_transition(|from, to, count| {
                let [name] = label(&breaker);
                let (from, to) = (word(names::ATTRIBUTE_FROM, from.as_str()), word(names::ATTRIBUTE_TO, to.as_str()));
                observer.observe(count, &[name, from, to]);
            });
        }
    });
    on.counter(names::BREAKER_CALLS, |local, observer| {
        for breaker in local.instance.breakers() {
            for (outcome, calls) in names::OUTCOMES.into_iter().zip(&breaker.calls) {
                let [name] = label(&breaker);
                observer.observe(calls.get(), &[name, word(names::ATTRIBUTE_OUTCOME, outcome)]);
            }
        }
    });
    on.gauge(names::BREAKER_LAST_FAILURE, |local, observer| {
        for breaker in local.instance.breakers() {
            if let Some(unix_s) = breaker.last_failure.get() {
                observer.observe(unix_s, &label(&breaker));
            }
        }
    });
}
