//! The type of an error, for the attribute `error.type`.

use std::borrow::Cow;

use crate::limits::LABEL_BYTES_MAX;
use crate::state::recorded::ERROR_TYPE_OTHER;

/// The path of a type without its generics, such as `std::io::error::Error`; `_OTHER` for a trait object, which hides its own.
pub(super) fn of<E: ?Sized>() -> Cow<'static, str> {
    Cow::Borrowed(cleaned(std::any::type_name::<E>()))
}

fn cleaned(name: &str) -> &str {
    let name = name.trim_start_matches('&').trim_start_matches("mut ");
    // A pointer is not what went wrong.
    for pointer in ["alloc::boxed::Box<", "alloc::sync::Arc<"] {
        if let Some(inner) = name.strip_prefix(pointer) {
            return cleaned(inner.strip_suffix('>').unwrap_or(inner));
        }
    }
    let name = name.split('<').next().unwrap_or(name);
    if name.is_empty() || name.starts_with("dyn ") { ERROR_TYPE_OTHER } else { name }
}

/// A type that the caller names; what cannot be a label is `_OTHER`.
pub(super) fn named(kind: &'static str) -> Cow<'static, str> {
    let fits = !kind.is_empty() && kind.len() <= LABEL_BYTES_MAX && !kind.chars().any(char::is_control);
    Cow::Borrowed(if fits { kind } else { ERROR_TYPE_OTHER })
}

#[cfg(test)]
mod tests {
    use std::error::Error;

    use super::*;

    /// A concrete type names itself, a trait object cannot.
    #[test]
    fn types_name_themselves() {
        assert_eq!(of::<std::io::Error>(), "std::io::error::Error");
        assert_eq!(of::<&std::fmt::Error>(), "core::fmt::Error");
        assert_eq!(of::<std::sync::PoisonError<Vec<u8>>>(), "std::sync::poison::PoisonError");
        assert_eq!(of::<dyn Error>(), ERROR_TYPE_OTHER);
        assert_eq!(of::<dyn Error + Send + Sync>(), ERROR_TYPE_OTHER);
        assert_eq!(of::<&dyn Error>(), ERROR_TYPE_OTHER);
        assert_eq!(of::<Box<std::io::Error>>(), "std::io::error::Error");
        assert_eq!(of::<Box<dyn Error + Send + Sync>>(), ERROR_TYPE_OTHER);
    }

    /// What a caller says is taken, unless it cannot be a label.
    #[test]
    fn named_types_are_labels() {
        assert_eq!(named("timeout"), "timeout");
        assert_eq!(named(""), ERROR_TYPE_OTHER);
        assert_eq!(named("a\nb"), ERROR_TYPE_OTHER);
    }
}
