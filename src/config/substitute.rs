//! Variables in scalars: `${NAME}` and `${NAME:-default}`.
//!
//! A `$` that is not followed by `{` is literal (bcrypt hashes are full of them), and `$${` stands for a literal `${`. What a
//! variable holds is not looked at again. An unset or empty variable takes the default; an empty one without default is the
//! empty text, an unset one without default is an error.

use crate::config::environment::Environment;

/// Whether the text has anything to substitute.
pub(crate) fn has_variables(text: &str) -> bool {
    text.contains("${")
}

/// # Errors
/// A sentence that names the variable, never its value.
pub(crate) fn substitute(text: &str, environment: &dyn Environment) -> Result<String, String> {
    let mut result = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find("${") {
        let (before, from) = rest.split_at(start);
        if let Some(literal) = before.strip_suffix('$') {
            result.push_str(literal);
            result.push_str("${");
            rest = from.strip_prefix("${").unwrap_or_default();
            continue;
        }
        result.push_str(before);
        let inner = from.strip_prefix("${").unwrap_or_default();
        let Some((expression, after)) = inner.split_once('}') else {
            return Err("`${` without a closing `}` (write `$${` for a literal `${`)".to_owned());
        };
        result.push_str(&value_of(expression, environment)?);
        rest = after;
    }
    result.push_str(rest);
    Ok(result)
}

fn value_of(expression: &str, environment: &dyn Environment) -> Result<String, String> {
    let (name, default) = match expression.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (expression, None),
    };
    let is_name = name.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        && name.starts_with(|first: char| !first.is_ascii_digit());
    if !is_name {
        return Err(
            "between `${` and `}` stands `NAME` or `NAME:-default`, and a name has letters, digits and `_` only \
                    (write `$${` for a literal `${`)"
                .to_owned(),
        );
    }
    if default.is_some_and(|default| default.contains("${")) {
        return Err(format!("the default of `{name}` cannot itself hold a variable"));
    }
    match (environment.get(name), default) {
        (Some(value), Some(default)) if value.is_empty() => Ok(default.to_owned()),
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) => Err(format!("the variable `{name}` is not set, and `${{{name}:-default}}` gives no default")),
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn check(text: &str, expected: Result<&str, &str>) {
        let environment = BTreeMap::from([("A".to_owned(), "${B}".to_owned()), ("EMPTY".to_owned(), String::new())]);
        match (substitute(text, &environment), expected) {
            (Ok(found), Ok(expected)) => assert_eq!(found, expected, "{text}"),
            (Err(found), Err(part)) => assert!(found.contains(part), "{text}: {found}"),
            (found, _) => panic!("{text}: {found:?}"),
        }
    }

    /// Each form gives what its row says; a value is never substituted again.
    #[test]
    fn forms() {
        check("plain", Ok("plain"));
        check("$2b$10$abc", Ok("$2b$10$abc"));
        check("a${A}b", Ok("a${B}b"));
        check("${MISSING:-9000}", Ok("9000"));
        check("${MISSING:-}", Ok(""));
        check("${EMPTY:-x}${EMPTY}", Ok("x"));
        check("$${A}", Ok("${A}"));
        check("cost$", Ok("cost$"));
        check("${MISSING}", Err("`MISSING` is not set"));
        check("${A", Err("closing"));
        check("${}", Err("NAME"));
        check("${1A}", Err("NAME"));
        check("${A:-${B}}", Err("default of `A`"));
    }
}
