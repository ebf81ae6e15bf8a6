//! Rates, memory and CPU of a group of instances; the whole scope and each service for the alert rules are summed alike.

use crate::model::health::InScope;
use crate::model::snapshot::{ComponentFacts, InstanceFacts, Liveness};

/// Bytes of what the documents call a MB.
pub const MEGABYTE: f64 = 1_048_576.0;

/// Sums over a group of instances and their components.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Figures {
    /// Items processed in the window.
    pub items: u64,
    /// Errors in the window.
    pub errors: u64,
    /// Items a second.
    pub items_per_second: f64,
    /// Errors a second.
    pub errors_per_second: f64,
    /// Memory in bytes, where one reports it.
    pub memory_bytes: Option<u64>,
    /// Highest CPU utilization, 0 to 1, where one reports it.
    pub cpu_utilization: Option<f64>,
    /// Components that were added.
    pub components: u64,
}

impl Figures {
    /// The figures of a whole scope; the bridge's own leave them once another service is there.
    pub(crate) fn of(view: &InScope<'_>) -> Self {
        let mut figures = Self::default();
        for instance in view.instances().filter(|one| view.weighs(one)) {
            figures.add_instance(instance);
        }
        for component in &view.snapshot.components {
            if view.instance(component.owner).is_some_and(|instance| view.weighs(instance)) {
                figures.add_component(component);
            }
        }
        figures
    }

    /// Adds an instance's process; only a live one's figures are of now.
    pub fn add_instance(&mut self, instance: &InstanceFacts) {
        if instance.liveness != Liveness::Live {
            return;
        }
        if let Some(bytes) = instance.memory_bytes {
            self.memory_bytes = Some(self.memory_bytes.unwrap_or(0).saturating_add(bytes));
        }
        if let Some(cpu) = instance.cpu_utilization.filter(|cpu| cpu.is_finite()) {
            self.cpu_utilization = Some(self.cpu_utilization.map_or(cpu, |highest| highest.max(cpu)));
        }
    }

    /// Adds a component's last minute.
    pub fn add_component(&mut self, component: &ComponentFacts) {
        self.components += 1;
        self.items = self.items.saturating_add(component.items_recent);
        self.errors = self.errors.saturating_add(component.errors_recent);
        self.items_per_second += per_second(component.items_recent, component.recent_s);
        self.errors_per_second += per_second(component.errors_recent, component.recent_s);
    }

    /// Errors ÷ max(1, items processed).
    pub fn error_rate(&self) -> f64 {
        self.errors as f64 / self.items.max(1) as f64
    }

    /// Memory in units of 1,048,576 bytes.
    pub fn memory_usage_mb(&self) -> Option<f64> {
        self.memory_bytes.map(|bytes| bytes as f64 / MEGABYTE)
    }

    /// CPU in per cent.
    pub fn cpu_usage_percent(&self) -> Option<f64> {
        self.cpu_utilization.map(percent)
    }
}

/// A share in per cent, to nine decimals: 0.07 is 7 and not 7.000000000000001.
pub fn percent(share: f64) -> f64 {
    (share * 1e11).round() / 1e9
}

/// A rate over a window in seconds. A window shorter than a second counts as one: the first export of a counter would
/// otherwise look like a burst.
pub fn per_second(count: u64, window_s: f64) -> f64 {
    count as f64 / if window_s.is_finite() { window_s.max(1.0) } else { 1.0 }
}
