//! Whole files in, configuration or errors out.

mod forms;
mod hostile;
mod native;
mod print;
mod sample;
mod schema;
mod validation;
mod variables;

use std::collections::BTreeMap;

use super::*;

fn environment(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

fn parse(text: &str) -> Result<Config, ConfigErrors> {
    Config::parse(text, "bridge.yaml", &environment(&[]))
}

fn load(text: &str) -> Config {
    parse(text).unwrap_or_else(|errors| panic!("{text}\n{errors}"))
}

fn errors(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

/// One wrong value gives one line that begins and ends as the row says.
fn check_error(text: &str, place: &str, part: &str) {
    let found = errors(text);
    assert_eq!(found.lines().count(), 1, "{text}\n{found}");
    assert!(found.starts_with(&format!("bridge.yaml:{place}: ")), "{text}\n{found}");
    assert!(found.contains(part), "{text}\n{found}");
}
