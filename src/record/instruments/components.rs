//! Instruments of components.

use opentelemetry::KeyValue;

use crate::model::component::ComponentState;
use crate::record::convention as names;
use crate::record::instruments::{On, text, word};
use crate::state::cells::ComponentCell;

fn label(component: &ComponentCell) -> [KeyValue; 1] {
    [text(names::ATTRIBUTE_COMPONENT, &component.name)]
}

pub(super) fn register(on: On<'_>) {
    on.up_down(names::COMPONENT_STATUS, |local, observer| {
        for component in local.instance.components() {
            let now = component.state();
            let kind = text(names::ATTRIBUTE_COMPONENT_TYPE, &component.kind.text());
            for state in ComponentState::ALL {
                let [name] = label(&component);
                let state_is = word(names::ATTRIBUTE_COMPONENT_STATE, state.as_str());
                observer.observe(i64::from(state == now), &[name, state_is, kind.clone()]);
            }
        }
    });
    on.counter(names::COMPONENT_ITEMS, |local, observer| {
        for component in local.instance.components() {
            observer.observe(component.items_processed.get(), &label(&component));
        }
    });
    on.counter(names::COMPONENT_ERRORS, |local, observer| {
        for component in local.instance.components() {
            let (untyped, typed) = component.errors_by_type();
            observer.observe(untyped, &label(&component));
            for (kind, errors) in typed {
                let [name] = label(&component);
                observer.observe(errors, &[name, KeyValue::new(names::ATTRIBUTE_ERROR_TYPE, kind)]);
            }
        }
    });
    on.gauge(names::COMPONENT_LAST_ACTIVITY, |local, observer| {
        for component in local.instance.components() {
            if let Some(unix_s) = component.last_activity.get() {
                observer.observe(unix_s, &label(&component));
            }
        }
    });
}
