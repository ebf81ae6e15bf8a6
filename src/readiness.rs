//! Whether the process may get traffic: named checks that the rooms set and the probes read.

use std::sync::{Arc, Mutex, PoisonError};

/// How one check stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Fine.
    Ok,
    /// Worth a look, but traffic may come.
    Warning(String),
    /// No traffic, please.
    Failed(String),
}

/// A named check.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Check {
    /// Such as `start` or `queue-stack`.
    pub name: String,
    /// How it stands.
    pub standing: Standing,
}

/// All checks; cheap to clone. It starts with the check `start` failed.
#[derive(Clone, Debug)]
pub struct Readiness(Arc<Mutex<Vec<Check>>>);

impl Default for Readiness {
    fn default() -> Self {
        let start = Check { name: "start".to_owned(), standing: Standing::Failed("starting".to_owned()) };
        Self(Arc::new(Mutex::new(vec![start])))
    }
}

impl Readiness {
    /// Sets a check, adding it if it is new.
    pub fn set(&self, name: &str, standing: Standing) {
        let mut checks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match checks.iter_mut().find(|check| check.name == name) {
            Some(check) => check.standing = standing,
            None => checks.push(Check { name: name.to_owned(), standing }),
        }
    }

    /// Takes a check out.
    pub fn remove(&self, name: &str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|check| check.name != name);
    }

    /// All checks, in the order in which they were first set.
    pub fn checks(&self) -> Vec<Check> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Whether no check has failed.
    pub fn is_ready(&self) -> bool {
        !self.checks().iter().any(|check| matches!(check.standing, Standing::Failed(_)))
    }
}
