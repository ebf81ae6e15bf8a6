//! The command line (contract §2).

use std::path::PathBuf;

use clap::{Args, CommandFactory, Parser, Subcommand};
use clap_complete::Shell;

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
    /// Shows a running bridge at a terminal; `?` lists the keys.
    Top(Top),
    /// Prints completions for a shell, to be kept where that shell looks for them.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Prints the manual page, of the program or of one of its commands, as `man` reads it.
    #[command(hide = true)]
    Man {
        /// The command; absent means the program.
        command: Option<String>,
    },
}

/// Options of `serve`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Serve {
    /// The configuration file; without it the embedded defaults hold.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
}

/// Options of `top`.
#[derive(Args, Clone, Debug, PartialEq, Eq)]
pub struct Top {
    /// The bridge's OTLP/gRPC address.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:4317")]
    pub endpoint: String,
    /// A header of every call, such as `authorization=Bearer …`; may be repeated.
    #[arg(long = "header", value_name = "K=V", value_parser = header)]
    pub headers: Vec<(String, String)>,
    /// PEM file with the certificate authorities to trust, instead of the system's.
    #[arg(long, value_name = "FILE")]
    pub ca: Option<PathBuf>,
    /// Shows this `service.name` alone.
    #[arg(long, value_name = "NAME")]
    pub service: Option<String>,
    /// Shows this `service.instance.id` alone.
    #[arg(long, value_name = "ID")]
    pub instance: Option<String>,
    /// Shows this `deployment.environment.name` alone.
    #[arg(long, value_name = "NAME")]
    pub environment: Option<String>,
}

/// `K=V`, split at the first sign of equality. The message does not repeat it: it may be a secret.
fn header(argument: &str) -> Result<(String, String), String> {
    let split = argument.split_once('=').map(|(name, value)| (name.trim().to_owned(), value.trim().to_owned()));
    split.filter(|(name, _)| !name.is_empty()).ok_or_else(|| "a header is K=V".to_owned())
}

/// The completions of this command line for a shell.
pub fn completions(shell: Shell) -> Vec<u8> {
    let mut command = <Arguments as CommandFactory>::command();
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut command, "otel-bridge", &mut text);
    text
}

/// The manual page of the program, or of one of its commands; None where there is no such command.
///
/// # Errors
/// None in practice: it is written to memory.
pub fn manual(name: Option<&str>) -> std::io::Result<Option<Vec<u8>>> {
    let mut command = <Arguments as CommandFactory>::command();
    command.build();
    let page = match name {
        None => Some(command),
        Some(name) => command.find_subcommand(name).filter(|one| !one.is_hide_set()).cloned(),
    };
    let Some(page) = page else { return Ok(None) };
    let mut text = Vec::new();
    clap_mangen::Man::new(page).render(&mut text)?;
    Ok(Some(text))
}

#[cfg(test)]
mod tests {

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
        assert_eq!(parse("otel-bridge completions zsh").unwrap(), Command::Completions { shell: Shell::Zsh });
        for line in [
            "otel-bridge completions",
            "otel-bridge completions cmd",
            "otel-bridge check",
            "otel-bridge --conf a",
            "otel-bridge --config a check b",
        ] {
            assert_eq!(parse(line).unwrap_err().exit_code(), 2, "{line}");
        }
        let version = parse("otel-bridge --version").unwrap_err();
        assert_eq!((version.exit_code(), version.to_string()), (0, "otel-bridge 0.1.0\n".to_owned()));
    }

    /// The options of `top` and their defaults; a header without a name or value says so and nothing else.
    #[test]
    fn top() {
        let Command::Top(top) = parse("otel-bridge top").unwrap() else { panic!("another command") };
        assert_eq!((top.endpoint.as_str(), top.headers.len(), top.ca), ("http://127.0.0.1:4317", 0, None));
        let line = "otel-bridge top --endpoint https://b:1 --header a=b=c --header d=e --ca f.pem --service s";
        let Command::Top(top) = parse(line).unwrap() else { panic!("another command") };
        let headers = [("a", "b=c"), ("d", "e")].map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!((top.headers, top.ca), (headers.to_vec(), Some("f.pem".into())));
        assert_eq!((top.endpoint.as_str(), top.service.as_deref()), ("https://b:1", Some("s")));
        for wrong in ["otel-bridge top --header secret", "otel-bridge top --header =secret"] {
            assert_eq!(parse(wrong).unwrap_err().exit_code(), 2, "{wrong}");
        }
    }

    /// Every shell has completions that name every command, and every command has a manual page that names its options.
    #[test]
    fn completions_and_manuals() {
        use clap::ValueEnum as _;
        for shell in Shell::value_variants() {
            let text = String::from_utf8(completions(*shell)).unwrap();
            for word in ["serve", "check", "schema", "probe", "top", "completions", "endpoint"] {
                assert!(text.contains(word), "{shell}: {word}");
            }
        }
        let page = |name| manual(name).unwrap().map(|text| String::from_utf8(text).unwrap());
        assert!(page(None).unwrap().contains("otel\\-bridge\\-top(1)"), "{}", page(None).unwrap());
        assert!(page(Some("top")).unwrap().contains("\\-\\-endpoint"));
        assert_eq!((page(Some("man")), page(Some("nope"))), (None, None));
    }
}
