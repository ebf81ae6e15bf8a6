//! Query parameters: the scope that every route takes, and the reading of a view's own. Unknown ones are ignored, as
//! Prometheus does (scrapers and browsers add their own); a bad value of a known one is 400.

use std::convert::Infallible;
use std::fmt::Display;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use percent_encoding::percent_decode_str;

use crate::limits::LABEL_BYTES_MAX;
use crate::model::scope::Scope;
use crate::pull::PullState;
use crate::pull::problem::Problem;

/// A value that no attribute has: where the asker's filter contradicts the endpoint's own, nothing is in scope.
const NOTHING: &str = "\0nothing";

/// The parameters of a request, decoded, in order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, Option<String>)>);

impl Parameters {
    /// Reads a query string; a value that is not UTF-8 becomes none, which is an error only where it is asked for.
    pub fn read(query: &str) -> Self {
        let pairs = query.split('&').filter(|pair| !pair.is_empty()).filter_map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            Some((decode(name)?, decode(value)))
        });
        Self(pairs.collect())
    }

    /// The value of a parameter; none when it is absent or empty, as a dashboard's unset variable sends it.
    ///
    /// # Errors
    /// 400 when it is given twice, is not UTF-8, or is longer than any attribute may be.
    pub fn get(&self, name: &str) -> Result<Option<&str>, Problem> {
        let mut values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value);
        let Some(value) = values.next() else { return Ok(None) };
        if values.next().is_some() {
            return Err(Problem::bad_request(format!("`{name}` is given more than once")));
        }
        let Some(value) = value else { return Err(Problem::bad_request(format!("`{name}` is not UTF-8"))) };
        if value.len() > LABEL_BYTES_MAX {
            return Err(Problem::bad_request(format!("`{name}` is longer than {LABEL_BYTES_MAX} bytes")));
        }
        Ok(Some(value.as_str()).filter(|value| !value.is_empty()))
    }

    /// All values of a parameter that may be repeated.
    ///
    /// # Errors
    /// 400 when one is not UTF-8.
    pub fn all(&self, name: &str) -> Result<Vec<&str>, Problem> {
        let values = self.0.iter().filter(|(given, _)| given == name).map(|(_, value)| value.as_deref());
        let not_text = || Problem::bad_request(format!("`{name}` is not UTF-8"));
        values.map(|value| value.ok_or_else(not_text)).collect()
    }

    /// The value of a parameter, parsed.
    ///
    /// # Errors
    /// 400 as [`Parameters::get`], and when it does not parse.
    pub fn parse<T: FromStr<Err: Display>>(&self, name: &str) -> Result<Option<T>, Problem> {
        let Some(value) = self.get(name)? else { return Ok(None) };
        let parsed = value.parse().map_err(|error| Problem::bad_request(format!("`{name}`: {error}: {value:?}")))?;
        Ok(Some(parsed))
    }

    /// A switch: `?name`, `=true` and `=1` are on, `=false` and `=0` off, absent is off.
    ///
    /// # Errors
    /// 400 as [`Parameters::get`], and for any other value.
    pub fn flag(&self, name: &str) -> Result<bool, Problem> {
        if !self.0.iter().any(|(given, _)| given == name) {
            return Ok(false);
        }
        match self.get(name)? {
            None | Some("true" | "1") => Ok(true),
            Some("false" | "0") => Ok(false),
            Some(other) => Err(Problem::bad_request(format!("`{name}` is true or false, not {other:?}"))),
        }
    }

    /// The scope that `service`, `instance` and `environment` ask for, joined with the endpoint's own filter.
    ///
    /// # Errors
    /// 400 as [`Parameters::get`].
    pub fn scope(&self, filter: &Scope) -> Result<Scope, Problem> {
        let asked = |name| self.get(name).map(|value| value.map(str::to_owned));
        let asked =
            Scope { service: asked("service")?, instance: asked("instance")?, environment: asked("environment")? };
        Ok(join(filter, asked))
    }
}

fn decode(text: &str) -> Option<String> {
    let spaced = text.replace('+', " ");
    percent_decode_str(&spaced).decode_utf8().ok().map(std::borrow::Cow::into_owned)
}

/// Both filters hold: where they differ, nothing is left. The endpoint's own stays in force whatever is asked.
fn join(filter: &Scope, asked: Scope) -> Scope {
    let one = |own: &Option<String>, asked: Option<String>| match (own, asked) {
        (Some(own), Some(asked)) if *own != asked => Some(NOTHING.to_owned()),
        (Some(own), _) => Some(own.clone()),
        (None, asked) => asked,
    };
    Scope {
        service: one(&filter.service, asked.service),
        instance: one(&filter.instance, asked.instance),
        environment: one(&filter.environment, asked.environment),
    }
}

impl<S: Sync> FromRequestParts<S> for Parameters {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Infallible> {
        Ok(parts.uri.query().map(Self::read).unwrap_or_default())
    }
}

/// The scope of a request, and its other parameters.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ScopeQuery {
    /// The asker's filter joined with the endpoint's own.
    pub scope: Scope,
    /// All parameters.
    pub parameters: Parameters,
}

impl FromRequestParts<PullState> for ScopeQuery {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &PullState) -> Result<Self, Problem> {
        let parameters = parts.uri.query().map(Parameters::read).unwrap_or_default();
        Ok(Self { scope: parameters.scope(&state.endpoint.filter)?, parameters })
    }
}
