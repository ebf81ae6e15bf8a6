//! The score and its deductions.

use crate::model::breaker::BreakerState;
use crate::model::component::ComponentState;
use crate::model::health::figures::Figures;
use crate::model::health::{HealthRules, InScope, Reason};
use crate::model::snapshot::{InstanceFacts, Liveness};

/// What one open breaker takes.
const BREAKER_OPEN: f64 = 0.05;
/// What all open breakers take at most.
const BREAKERS_OPEN_MAX: f64 = 0.3;
/// What one half-open breaker takes.
const BREAKER_HALF_OPEN: f64 = 0.02;
/// Error rates and what they take, worst first.
const ERROR_RATES: [(f64, f64); 2] = [(0.2, 0.2), (0.1, 0.1)];

/// The score of a scope, and every deduction from 1.
pub(super) fn score(view: &InScope<'_>, rules: &HealthRules, figures: &Figures) -> (f64, Vec<Reason>) {
    if !view.anything() {
        return (0.0, Vec::new());
    }
    let (mean, mut reasons) = components(view, rules);
    let before = reasons.len();
    breakers(view, &mut reasons);
    error_rate(figures, &mut reasons);
    let deductions: f64 = reasons.iter().skip(before).map(|reason| reason.deduction).sum();
    (rounded((mean - deductions).clamp(0.0, 1.0)), reasons)
}

/// Nine decimals: 1 − 4 × 0.05 is 0.8, which floating point alone would put below the threshold.
fn rounded(value: f64) -> f64 {
    (value * 1e9).round() / 1e9
}

/// One component as the mean sees it.
struct Weighed<'a> {
    instance: Option<&'a InstanceFacts>,
    name: &'a str,
    code: &'static str,
    word: &'static str,
    value: f64,
    weight: f64,
}

fn components(view: &InScope<'_>, rules: &HealthRules) -> (f64, Vec<Reason>) {
    let mut weighed = Vec::new();
    for component in &view.snapshot.components {
        let Some(instance) = view.instance(component.owner) else { continue };
        let weight = if view.weighs(instance) { rules.weight(Some(&instance.service), &component.name) } else { 0.0 };
        let (value, code, word) = match (instance.liveness, component.state) {
            (Liveness::Live, state) => (state.weight(), component_code(state), state.as_str()),
            (Liveness::Stale | Liveness::Replaced, _) => (0.0, "component_stale", "stale"),
        };
        weighed.push(Weighed { instance: Some(instance), name: &component.name, code, word, value, weight });
    }
    for name in view.missing {
        let weight = rules.weight(None, name);
        weighed.push(Weighed { instance: None, name, code: "component_missing", word: "missing", value: 0.0, weight });
    }
    let total: f64 = weighed.iter().map(|one| one.weight).sum();
    if total <= 0.0 {
        return without_components(view, weighed.is_empty());
    }
    let mean = weighed.iter().map(|one| one.value * one.weight).sum::<f64>() / total;
    (mean, weighed.iter().filter_map(|one| component_reason(one, total)).collect())
}

fn component_reason(one: &Weighed<'_>, total: f64) -> Option<Reason> {
    let deduction = rounded((1.0 - one.value) * one.weight / total);
    if deduction <= 0.0 {
        return None;
    }
    let message = one.instance.map_or_else(
        || format!("Expected component {} was never reported", one.name),
        |instance| format!("Component {} of {} ({}) is {}", one.name, instance.service, instance.instance, one.word),
    );
    Some(Reason { code: one.code, subject: one.name.to_owned(), deduction, message })
}

/// Nothing weighs: as long as something is heard from, nothing is known to be wrong.
fn without_components(view: &InScope<'_>, none_listed: bool) -> (f64, Vec<Reason>) {
    let heard = view.instances().any(|one| one.liveness == Liveness::Live);
    let silent = view.instances().next().is_some() && !heard;
    if !(none_listed && silent) {
        return (1.0, Vec::new());
    }
    let message = "Every instance in scope has gone silent".to_owned();
    (0.0, vec![Reason { code: "nothing_live", subject: "system".to_owned(), deduction: 1.0, message }])
}

const fn component_code(state: ComponentState) -> &'static str {
    match state {
        ComponentState::Running | ComponentState::Starting => "component_healthy",
        ComponentState::Degraded => "component_degraded",
        ComponentState::Failed => "component_failed",
        ComponentState::Stopped => "component_stopped",
    }
}

/// Breakers of live instances; a silent one's last word about a breaker is no news.
fn breakers(view: &InScope<'_>, reasons: &mut Vec<Reason>) {
    let mut open = 0.0;
    for breaker in &view.snapshot.breakers {
        let Some(instance) = view.live(breaker.owner).filter(|one| view.weighs(one)) else { continue };
        let (code, deduction, word) = match breaker.state.folded() {
            BreakerState::Open => {
                let deduction = rounded(BREAKER_OPEN.min(BREAKERS_OPEN_MAX - open)).max(0.0);
                open += deduction;
                ("circuit_breaker_open", deduction, "open")
            }
            BreakerState::HalfOpen => ("circuit_breaker_half_open", BREAKER_HALF_OPEN, "half-open"),
            BreakerState::Closed | BreakerState::ForcedOpen | BreakerState::Disabled => continue,
        };
        let message = format!("Circuit breaker {} of {} is {word}", breaker.name, instance.service);
        reasons.push(Reason { code, subject: breaker.name.to_string(), deduction, message });
    }
}

fn error_rate(figures: &Figures, reasons: &mut Vec<Reason>) {
    let rate = figures.error_rate();
    let Some((over, deduction)) = ERROR_RATES.into_iter().find(|(over, _)| rate > *over) else { return };
    let message = format!("The error rate is {:.1} %, over {:.0} %", rate * 100.0, over * 100.0);
    reasons.push(Reason { code: "high_error_rate", subject: "system".to_owned(), deduction, message });
}
