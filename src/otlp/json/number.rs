//! Numbers of OTLP/JSON: integers and doubles as numbers or as strings.

/// A scalar as it stands in the text.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scalar<'a> {
    Bool(bool),
    Unsigned(u64),
    Signed(i64),
    Float(f64),
    Text(&'a str),
}

impl Scalar<'_> {
    /// An integer, of a number or a string, without loss; `None` when it is none.
    pub(super) fn integer(self) -> Option<i128> {
        match self {
            Self::Unsigned(number) => Some(i128::from(number)),
            Self::Signed(number) => Some(i128::from(number)),
            Self::Float(number) => whole(number),
            Self::Text(text) => {
                let digits = text.strip_prefix('-').unwrap_or(text);
                if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
                    text.parse().ok()
                } else {
                    whole(finite(text)?)
                }
            }
            Self::Bool(_) => None,
        }
    }

    /// A double, of a number or a string.
    pub(super) fn double(self) -> Option<f64> {
        match self {
            Self::Unsigned(number) => Some(number as f64),
            Self::Signed(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            Self::Text("NaN") => Some(f64::NAN),
            Self::Text("Infinity") => Some(f64::INFINITY),
            Self::Text("-Infinity") => Some(f64::NEG_INFINITY),
            Self::Text(text) => finite(text),
            Self::Bool(_) => None,
        }
    }

    /// What the value is, for an error text; never the value itself.
    pub(super) const fn shape(self) -> &'static str {
        match self {
            Self::Bool(_) => "a boolean",
            Self::Unsigned(_) | Self::Signed(_) | Self::Float(_) => "a number",
            Self::Text(_) => "a string",
        }
    }
}

/// A whole double as an integer: `1e18` is one (J10). Beyond 2^64 nothing fits any field.
fn whole(number: f64) -> Option<i128> {
    let whole = number.fract() == 0.0 && number.abs() < 2f64.powi(65);
    whole.then_some(number as i128)
}

/// A finite decimal number; Rust's own parser takes "inf" and "nan" too, which OTLP/JSON does not.
fn finite(text: &str) -> Option<f64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.starts_with(|first: char| first.is_ascii_digit()) {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}
