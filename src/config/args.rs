//! The command line (contract §2).

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Receives OpenTelemetry, shows it every way, and forwards it without loss.
#[derive(Clone, Debug, Parser)]
#[command(name = "otel-bridge", version, args_conflicts_with_subcommands = true)]
pub struct Arguments {
    /// What to do; absent means serve.
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    serve: Serve,
}

impl Arguments {
    /// The command; without one it is `serve` with the options that stand at the top level.
    pub fn command(self) -> Command {
        self.command.unwrap_or(Command::Serve(self.serve))
    }
}

/// The commands.
#[derive(Clone, Debug, PartialEq, Eq, Subcommand)]
pub enum Command {
    /// Runs the bridge (the default command).
    Serve(Serve),
    /// Validates a configuration file and what it names (TLS files, queue folders); prints every error, or what the file
    /// resolves to, without secrets.
    Check {
        /// The configuration file.
        file: PathBuf,
    },
    /// Prints the JSON Schema of the configuration file, for editors.
    Schema,
    /// Exits with 0 if the URL answers 200, else with 1.
    Probe {
        /// The URL, such as <http://127.0.0.1:9000/readyz>.
        url: String,
    },
}

/// Options of `serve`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// The configuration file; without it the embedded defaults hold.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(line: &str) -> Result<Command, clap::Error> {
        Arguments::try_parse_from(line.split(' ')).map(Arguments::command)
    }

    /// Every line of contract §2 that exists gives its command; what does not exist is refused with exit code 2.
    #[test]
    fn commands() {
        <Arguments as CommandFactory>::command().debug_assert();
        let serve = |config: Option<&str>| Command::Serve(Serve { config: config.map(Into::into) });
        assert_eq!(parse("otel-bridge").unwrap(), serve(None));
        assert_eq!(parse("otel-bridge --config a.yaml").unwrap(), serve(Some("a.yaml")));
        assert_eq!(parse("otel-bridge serve --config a.yaml").unwrap(), serve(Some("a.yaml")));
        assert_eq!(parse("otel-bridge check a.yaml").unwrap(), Command::Check { file: "a.yaml".into() });
        assert_eq!(parse("otel-bridge schema").unwrap(), Command::Schema);
        assert_eq!(parse("otel-bridge probe http://a/").unwrap(), Command::Probe { url: "http://a/".to_owned() });
        for line in ["otel-bridge top", "otel-bridge check", "otel-bridge --conf a", "otel-bridge --config a check b"] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        let version = parse("otel-bridge --version").unwrap_err();
        assert_eq!((version.exit_code(), version.to_string()), (0, "otel-bridge 0.1.0\n".to_owned()));
    }
}
