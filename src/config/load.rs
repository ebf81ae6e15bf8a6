//! The ways to a [`Config`]: the embedded defaults, a file, a text.

use std::path::Path;

use crate::config::environment::Environment;
use crate::config::error::{ConfigErrors, Report};
use crate::config::otel_environment::Variables;
use crate::config::read;
use crate::config::section::Section;
use crate::config::tree;
use crate::config::validate;
use crate::config::{Config, Finding};

impl Config {
    /// What runs without a file: the doors of contract §3, and what the `OTEL_*` variables say.
    ///
    /// # Errors
    /// None today but by a defect: wrong variables are warnings.
    pub fn embedded_defaults(environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Self::parse("", "defaults", environment)
    }

    /// What an embedded bridge starts from: as [`Config::embedded_defaults`], without OTLP doors, so that no destination can be
    /// one of them.
    ///
    /// # Errors
    /// None today but by a defect: wrong variables are warnings.
    pub fn library_defaults(environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Self::parse("receive: { otlp: { grpc: null, http: null } }", "defaults", environment)
    }

    /// Reads a file. Messages name the path as it is given here.
    ///
    /// # Errors
    /// The file cannot be read, or every problem in it.
    pub fn load(path: &Path, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Self::load_examined(path, environment, &|_| Vec::new())
    }

    /// As [`Config::load`], and lets `examine` look at what no reader of a text can judge, even when there are other problems.
    ///
    /// # Errors
    /// As [`Config::load`], with what was found.
    pub fn load_examined(
        path: &Path,
        environment: &dyn Environment,
        examine: &dyn Fn(&Self) -> Vec<Finding>,
    ) -> Result<Self, ConfigErrors> {
        let origin = path.display().to_string();
        let text = read_text(path).map_err(|message| ConfigErrors::single(&origin, None, message))?;
        let mut config = Self::parse_examined(&text, &origin, environment, examine)?;
        config.file = Some(path.to_owned());
        Ok(config)
    }

    /// Reads a text; `origin` stands in front of every message.
    ///
    /// # Errors
    /// What makes the text no YAML, else every problem of its content.
    pub fn parse(text: &str, origin: &str, environment: &dyn Environment) -> Result<Self, ConfigErrors> {
        Self::parse_examined(text, origin, environment, &|_| Vec::new())
    }

    fn parse_examined(
        text: &str,
        origin: &str,
        environment: &dyn Environment,
        examine: &dyn Fn(&Self) -> Vec<Finding>,
    ) -> Result<Self, ConfigErrors> {
        let report = Report::new(origin);
        let tree = tree::parse(text, environment, &report)?;
        let mut root = Section::root(&tree, &report);
        let mut config = read::file(&mut root);
        let takes_push_from_environment = !root.has("push");
        let says_self_observation = root.has("self_observation");
        root.finish();
        validate::validate(&config, &report);
        let variables = Variables { environment, report: &report };
        variables.apply(&mut config, takes_push_from_environment, says_self_observation);
        for Finding { path, message } in examine(&config) {
            report.problem_at_path(&path, message);
        }
        config.warnings = report.take_warnings();
        report.finish()?;
        Ok(config)
    }
}

/// Reads at most a byte more than is taken, so that a device or a huge file cannot fill the memory.
fn read_text(path: &Path) -> Result<String, String> {
    use std::io::Read as _;
    let file = std::fs::File::open(path).map_err(|error| format!("cannot be read: {error}"))?;
    let mut bytes = Vec::new();
    let limit = tree::FILE_BYTES_MAX as u64 + 1;
    file.take(limit).read_to_end(&mut bytes).map_err(|error| format!("cannot be read: {error}"))?;
    String::from_utf8(bytes).map_err(|_error| "is not UTF-8 text".to_owned())
}
