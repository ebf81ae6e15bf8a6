//! Deltas: applying one to what was known gives what is; clocks alone make none.

use proptest::prelude::*;
use serde_json::Value;
use std::collections::BTreeMap;

use super::*;
use crate::config::links::Links;
use crate::model::health::HealthRules;
use crate::model::scope::Scope;
use crate::model::snapshot::{Liveness, Snapshot};
use crate::pull::v1::noun::views;
use crate::pull::v1::tests::{NOW_MS, picture, worker};

fn delta_json(before: &Snapshot, now: &Snapshot, scope: &Scope, topics: Topics) -> Option<Value> {
    let (links, rules) = (Links::default(), HealthRules::default());
    let (old, new) = (Context::new(before, scope, &links, &rules), Context::new(now, scope, &links, &rules));
    let (old_system, new_system) = (old.system(), new.system());
    let (before, now) = (Moment { context: &old, system: &old_system }, Moment { context: &new, system: &new_system });
    Delta::between(&before, &now, topics).map(|delta| serde_json::to_value(&delta).unwrap())
}

/// Time that passes is no change: ages and uptimes grow by themselves.
#[test]
fn clocks_alone_make_no_delta() {
    let before = picture();
    let mut now = picture();
    now.id += 1;
    now.taken_at_unix_ms = NOW_MS + 1_000;
    now.uptime += std::time::Duration::from_secs(1);
    for worker in &mut now.workers {
        worker.uptime_s = worker.uptime_s.map(|uptime| uptime + 1.0);
        worker.state_age_s += 1.0;
        worker.progress_age_s += 1.0;
    }
    now.bridge.destinations[0].retry_in_s = Some(1.5);
    assert_eq!(delta_json(&before, &now, &Scope::default(), Topics::ALL), None);
}

/// One worker moves among many: it alone is told; one that left is named by its key; a topic that is not wanted is silent.
#[test]
fn only_what_moved_is_told() {
    let before = picture();
    let mut now = picture();
    now.id += 1;
    now.workers[1].requests = Some(11);
    now.workers.remove(3);
    let delta = delta_json(&before, &now, &Scope::default(), Topics::ALL).unwrap();
    assert_eq!(delta["workers"]["changed"].as_array().unwrap().len(), 1);
    assert_eq!(delta["workers"]["changed"][0]["key"], "w0-b");
    assert_eq!(delta["workers"]["removed"], serde_json::json!(["w2-c"]));
    assert!(delta.get("pools").is_none());
    let pools = Topics::parse(Some("pools")).unwrap();
    assert_eq!(delta_json(&before, &now, &Scope::default(), pools), None);
}

/// An instance that falls silent changes all that it owns, although none of their own facts moved.
#[test]
fn staleness_of_the_owner_is_a_change() {
    let before = picture();
    let mut now = picture();
    now.id += 1;
    now.instances[0].liveness = Liveness::Stale;
    let delta = delta_json(&before, &now, &Scope::default(), Topics::ALL).unwrap();
    assert_eq!(delta["pools"]["changed"].as_array().unwrap().len(), 2);
    assert_eq!(delta["components"]["changed"][0]["status"], "stale");
}

/// A missing component that is reported leaves under the one key and comes under the other.
#[test]
fn a_missing_component_arrives() {
    let before = picture();
    let mut now = picture();
    now.id += 1;
    now.missing.clear();
    let delta = delta_json(&before, &now, &Scope::default(), Topics::ALL).unwrap();
    assert_eq!(delta["components"]["removed"], serde_json::json!(["ghost"]));
}

fn by_key(snapshot: &Snapshot, scope: &Scope) -> BTreeMap<String, Value> {
    let (links, rules) = (Links::default(), HealthRules::default());
    let context = Context::new(snapshot, scope, &links, &rules);
    let all = views::<Worker<'_>>(&context);
    all.iter().map(|one| (one.key.to_owned(), serde_json::to_value(one).unwrap())).collect()
}

proptest! {
    /// Known + delta = present, for any two sets of workers and any scope.
    #[test]
    fn a_delta_leads_to_the_present(
        before in prop::collection::btree_map(0_u8..12, (0_usize..3, 0_u64..3), 0..12),
        now in prop::collection::btree_map(0_u8..12, (0_usize..3, 0_u64..3), 0..12),
        service in prop::option::of("shop|cart"),
    ) {
        let draw = |workers: &BTreeMap<u8, (usize, u64)>| Snapshot {
            workers: workers
                .iter()
                .map(|(id, (owner, requests))| {
                    let mut facts = worker(*owner, &id.to_string());
                    facts.key = id.to_string().into();
                    facts.requests = Some(*requests);
                    facts
                })
                .collect(),
            ..picture()
        };
        let scope = Scope { service, ..Scope::default() };
        let (before, now) = (draw(&before), draw(&now));
        let mut known = by_key(&before, &scope);
        if let Some(delta) = delta_json(&before, &now, &scope, Topics::ALL)
            && let Some(workers) = delta.get("workers")
        {
            for key in workers["removed"].as_array().unwrap() {
                prop_assert!(known.remove(key.as_str().unwrap()).is_some());
            }
            for changed in workers["changed"].as_array().unwrap() {
                known.insert(changed["key"].as_str().unwrap().to_owned(), changed.clone());
            }
        }
        prop_assert_eq!(known, by_key(&now, &scope));
    }
}
