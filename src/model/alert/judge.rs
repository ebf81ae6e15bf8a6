//! The alert engine: rules over snapshots, with a memory of what already holds. Pure: the time is handed in.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use crate::limits::{ALERTS_MAX, RESOLVED_ALERTS_MAX};
use crate::model::alert::built_in::{self, Advice};
use crate::model::alert::cause::{self, Causes};
use crate::model::alert::rule::{Rule, Value, shown};
use crate::model::alert::subjects::{self, Entity};
use crate::model::alert::{Alert, AlertBoard, Level, Recommendation};
use crate::model::health::HealthRules;
use crate::model::snapshot::Snapshot;

/// Rules and what holds of them. One engine judges a run of snapshots in their order.
#[derive(Debug)]
pub struct AlertEngine {
    rules: Vec<Rule>,
    /// For each rule, the first rule about the same subject and field: of those only the gravest is shown.
    groups: Vec<usize>,
    health: HealthRules,
    /// Conditions that hold or held a moment ago, by rule and the entity's key.
    tracked: HashMap<(usize, Arc<str>), Tracked>,
    resolved: VecDeque<Alert>,
    round: u64,
}

/// What one judging found.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// The board of this moment.
    pub board: AlertBoard,
    /// Alerts that went off, for the ring of events.
    pub fired: Vec<Alert>,
    /// Alerts that ended, for the ring of events.
    pub resolved: Vec<Alert>,
}

/// A condition that holds, or did a moment ago.
#[derive(Debug)]
struct Tracked {
    phase: Phase,
    alert: Alert,
    advice: Option<Arc<str>>,
    /// The push destination that it is about, directly or not.
    destination: Option<Arc<str>>,
    /// The round in which the condition last held.
    held_in: u64,
    /// Whether it ever stood on the board; one that a graver alert hid all along leaves no trace.
    was_shown: bool,
}

/// Where a condition is; all moments in monotonic milliseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It holds, but not for long enough.
    Pending { since_ms: u64 },
    /// The alert is on.
    Active,
    /// The alert is on, but its condition has gone.
    Clearing { since_ms: u64 },
}

/// What a step leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// It stays tracked.
    Stay(Phase),
    /// It goes off now.
    Fire,
    /// It goes without ever having been on.
    Forget,
    /// It ends.
    Resolve,
}

impl Phase {
    /// The one transition function.
    #[expect(clippy::match_same_arms, reason = "every transition stands on its own line")]
    fn step(self, holds: bool, now_ms: u64, rule: &Rule) -> Step {
        let lasted = |since_ms: u64, wanted: std::time::Duration| {
            u128::from(now_ms.saturating_sub(since_ms)) >= wanted.as_millis()
        };
        match (self, holds) {
            (Self::Pending { since_ms }, true) if lasted(since_ms, rule.hold) => Step::Fire,
            (Self::Pending { .. }, true) => Step::Stay(self),
            (Self::Pending { .. }, false) => Step::Forget,
            (Self::Active | Self::Clearing { .. }, true) => Step::Stay(Self::Active),
            (Self::Active, false) if rule.clear.is_zero() => Step::Resolve,
            (Self::Active, false) => Step::Stay(Self::Clearing { since_ms: now_ms }),
            (Self::Clearing { since_ms }, false) if lasted(since_ms, rule.clear) => Step::Resolve,
            (Self::Clearing { .. }, false) => Step::Stay(self),
        }
    }
}

impl AlertEngine {
    /// An engine with the built-in rules and those of the configuration; one of these with a built-in's name replaces it.
    pub fn new(rules: &[Rule], health: HealthRules) -> Self {
        let replaced: HashSet<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
        let built_in = built_in::rules().into_iter().filter(|rule| !replaced.contains(rule.name.as_str()));
        let rules: Vec<Rule> = built_in.chain(rules.iter().cloned()).collect();
        let alike = |rule: &Rule| rules.iter().position(|one| one.on == rule.on && one.field == rule.field);
        let groups = rules.iter().map(|rule| alike(rule).unwrap_or_default()).collect();
        Self { rules, groups, health, tracked: HashMap::new(), resolved: VecDeque::new(), round: 0 }
    }

    /// Takes other rules. What holds by a rule that is as it was goes on; the alerts of one that changed or went end now, and are
    /// answered.
    pub fn exchange(&mut self, rules: &[Rule], health: HealthRules, now_unix_ms: u64) -> Vec<Alert> {
        let before = std::mem::replace(self, Self::new(rules, health));
        (self.resolved, self.round) = (before.resolved, before.round);
        let mut ended = Vec::new();
        for ((index, key), mut one) in before.tracked {
            let rule = before.rules.get(index);
            match self.rules.iter().position(|new| Some(new) == rule) {
                Some(index) => _ = self.tracked.insert((index, key), one),
                None if one.was_shown => {
                    one.alert.resolved_unix_ms = Some(now_unix_ms);
                    ended.push(one.alert);
                }
                None => {}
            }
        }
        ended.sort_by(|one, other| one.id.cmp(&other.id));
        for alert in &ended {
            self.resolved.push_front(alert.clone());
        }
        self.resolved.truncate(RESOLVED_ALERTS_MAX);
        ended
    }

    /// The rules in force.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// Judges a snapshot at a moment, given on the monotonic clock and on the calendar.
    pub fn judge(&mut self, snapshot: &Snapshot, now_ms: u64, now_unix_ms: u64) -> Judged {
        self.round += 1;
        self.look(snapshot, now_ms, now_unix_ms);
        let mut judged = Judged::default();
        let fired = self.step(now_ms, now_unix_ms, &mut judged);
        judged.board = self.board();
        let shown = judged.board.active.iter().filter(|alert| fired.contains(&alert.id));
        judged.fired = shown.cloned().collect();
        judged
    }

    /// Notes every condition that holds now.
    fn look(&mut self, snapshot: &Snapshot, now_ms: u64, now_unix_ms: u64) {
        let Self { rules, health, tracked, round, .. } = self;
        let services = subjects::services(snapshot);
        for (index, rule) in rules.iter().enumerate() {
            subjects::each(snapshot, &services, health, rule.on, |entity| {
                let Some(value) = entity.field(&rule.field).filter(|value| rule.condition.holds(*value)) else {
                    return;
                };
                let key = (index, entity.key.clone());
                let is_full = tracked.len() >= ALERTS_MAX;
                match tracked.get_mut(&key) {
                    Some(known) => known.hold(rule, entity, value, *round),
                    None if is_full => {}
                    None => {
                        let new = Tracked::new(rule, entity, value, *round, now_ms, now_unix_ms);
                        tracked.insert(key, new);
                    }
                }
            });
        }
    }

    /// Moves every condition on; the ids that went off are answered.
    fn step(&mut self, now_ms: u64, now_unix_ms: u64, judged: &mut Judged) -> HashSet<Arc<str>> {
        let Self { rules, tracked, resolved, round, .. } = self;
        let mut fired = HashSet::new();
        tracked.retain(|(index, _), one| {
            let Some(rule) = rules.get(*index) else { return false };
            match one.phase.step(one.held_in == *round, now_ms, rule) {
                Step::Stay(phase) => one.phase = phase,
                Step::Fire => {
                    one.phase = Phase::Active;
                    one.alert.fired_unix_ms = now_unix_ms;
                    fired.insert(one.alert.id.clone());
                }
                Step::Forget => return false,
                Step::Resolve => {
                    one.alert.resolved_unix_ms = Some(now_unix_ms);
                    if one.was_shown {
                        judged.resolved.push(one.alert.clone());
                    }
                    return false;
                }
            }
            true
        });
        judged.resolved.sort_by(|one, other| one.id.cmp(&other.id));
        for alert in &judged.resolved {
            resolved.push_front(alert.clone());
        }
        resolved.truncate(RESOLVED_ALERTS_MAX);
        fired
    }

    /// The alerts that are on; of one subject and field only the gravest (contract §9).
    fn board(&mut self) -> AlertBoard {
        self.name_causes();
        let Self { rules, groups, tracked, resolved, .. } = self;
        let group = |index: usize| groups.get(index).copied().unwrap_or(index);
        let mut gravest: HashMap<(usize, Arc<str>), Level> = HashMap::new();
        for ((index, key), one) in tracked.iter().filter(|(_, one)| one.is_on()) {
            let level = gravest.entry((group(*index), key.clone())).or_insert(one.alert.level);
            *level = (*level).max(one.alert.level);
        }
        let mut shown: Vec<(&Alert, Option<Recommendation>)> = Vec::new();
        for ((index, key), one) in tracked.iter_mut().filter(|(_, one)| one.is_on()) {
            if gravest.get(&(group(*index), key.clone())).is_some_and(|level| *level > one.alert.level) {
                continue;
            }
            one.was_shown = true;
            shown.push((&one.alert, rules.get(*index).and_then(|rule| one.recommendation(rule))));
        }
        shown.sort_by(|(one, _), (other, _)| {
            let order = |alert: &Alert| (std::cmp::Reverse(alert.level), alert.since_unix_ms);
            order(one).cmp(&order(other)).then_with(|| one.id.cmp(&other.id))
        });
        AlertBoard {
            active: shown.iter().map(|(alert, _)| (*alert).clone()).collect(),
            resolved: resolved.iter().cloned().collect(),
            recommendations: shown.into_iter().filter_map(|(_, recommendation)| recommendation).collect(),
        }
    }
}

impl AlertEngine {
    /// Where several alerts have one cause, all but that one name it; one that outlasts its cause still does.
    fn name_causes(&mut self) {
        let Self { rules, tracked, .. } = self;
        let mut causes = Causes::default();
        for ((index, _), one) in tracked.iter().filter(|(_, one)| one.is_on()) {
            if let (Some(rule), Some(destination)) = (rules.get(*index), &one.destination) {
                causes.add(rule, destination, &one.alert);
            }
        }
        let named: Vec<_> = tracked
            .iter()
            .filter_map(|(key, one)| Some((key.clone(), causes.of(one.destination.as_deref()?, &one.alert)?)))
            .collect();
        for (key, cause) in named {
            if let Some(one) = tracked.get_mut(&key) {
                one.alert.cause = Some(cause);
            }
        }
    }
}

impl Tracked {
    fn new(rule: &Rule, entity: &Entity<'_>, value: Value<'_>, round: u64, now_ms: u64, now_unix_ms: u64) -> Self {
        let owner = entity.instance;
        let of_service = entity.service.map(|service| (service.service, service.environment));
        let environment = owner.map(|owner| owner.environment.as_ref()).or(of_service.map(|(_, one)| one)).flatten();
        let alert = Alert {
            id: id(rule, entity.key, now_unix_ms),
            rule: rule.name.as_str().into(),
            category: rule.on.as_str(),
            level: rule.level,
            message: filled(&rule.message, rule, entity, value).into(),
            subject: entity.name.clone(),
            service: owner.map(|owner| &owner.service).or(of_service.map(|(name, _)| name)).cloned(),
            instance: owner.map(|owner| owner.instance.clone()),
            environment: environment.cloned(),
            value: number(value),
            threshold: rule.condition.threshold(),
            cause: None,
            since_unix_ms: now_unix_ms,
            fired_unix_ms: now_unix_ms,
            resolved_unix_ms: None,
        };
        let advice = advice(rule, entity, value);
        let (phase, destination) = (Phase::Pending { since_ms: now_ms }, cause::destination(rule.on, entity));
        Self { phase, alert, advice, destination, held_in: round, was_shown: false }
    }

    /// The condition still holds, perhaps with another value.
    fn hold(&mut self, rule: &Rule, entity: &Entity<'_>, value: Value<'_>, round: u64) {
        self.held_in = round;
        if self.alert.value.map(f64::to_bits) != number(value).map(f64::to_bits) {
            self.alert.value = number(value);
            self.alert.message = filled(&rule.message, rule, entity, value).into();
            self.advice = advice(rule, entity, value);
        }
    }

    const fn is_on(&self) -> bool {
        matches!(self.phase, Phase::Active | Phase::Clearing { .. })
    }

    fn recommendation(&self, rule: &Rule) -> Option<Recommendation> {
        let message = self.advice.clone()?;
        let Advice { kind, title, actions } = built_in::advice(rule);
        let title = if title.is_empty() { rule.name.as_str() } else { title };
        let alert = &self.alert;
        Some(Recommendation {
            id: format!("{}-advice", alert.id).into(),
            kind,
            priority: alert.level,
            title: title.into(),
            actions: actions.iter().map(|action| Arc::from(*action)).collect(),
            message,
            alert_id: alert.id.clone(),
            subject: alert.subject.clone(),
            service: alert.service.clone(),
            instance: alert.instance.clone(),
            environment: alert.environment.clone(),
        })
    }
}

fn advice(rule: &Rule, entity: &Entity<'_>, value: Value<'_>) -> Option<Arc<str>> {
    rule.recommendation.as_deref().map(|template| filled(template, rule, entity, value).into())
}

/// The figure; a word is none.
const fn number(value: Value<'_>) -> Option<f64> {
    match value {
        Value::Number(number) => Some(number),
        Value::Word(_) => None,
    }
}

/// Another condition or another episode of the same one has another id; FNV-1a, which is the same on every machine.
fn id(rule: &Rule, key: &str, since_unix_ms: u64) -> Arc<str> {
    let since = since_unix_ms.to_le_bytes();
    let bytes = rule.name.bytes().chain([0]).chain(key.bytes()).chain([0]).chain(since);
    let mix = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    format!("{}-{:016x}", rule.name, bytes.fold(0xcbf2_9ce4_8422_2325, mix)).into()
}

/// A template with its placeholders replaced in one pass, so that a name with braces is left as it is.
fn filled(template: &str, rule: &Rule, entity: &Entity<'_>, value: Value<'_>) -> String {
    let mut text = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        text.push_str(before);
        let known =
            after.split_once('}').and_then(|(word, after)| Some((placeholder(word, rule, entity, value)?, after)));
        rest = if let Some((words, after)) = known {
            text.push_str(&words);
            after
        } else {
            text.push('{');
            after
        };
    }
    text.push_str(rest);
    text
}

fn placeholder(word: &str, rule: &Rule, entity: &Entity<'_>, value: Value<'_>) -> Option<String> {
    Some(match word {
        "name" => entity.name.to_string(),
        "value" => shown(&rule.field, value),
        "threshold" => {
            rule.condition.threshold().map(|number| shown(&rule.field, Value::Number(number))).unwrap_or_default()
        }
        "service" => match (entity.instance, entity.service) {
            (Some(instance), _) => instance.service.to_string(),
            (None, service) => service.map(|one| one.service.to_string()).unwrap_or_default(),
        },
        "instance" => entity.instance.map(|one| one.instance.to_string()).unwrap_or_default(),
        _ => return None,
    })
}
