//! Sorting by any documented field.

use std::cmp::Ordering;

/// The value of one field of one row.
#[derive(Clone, Debug, PartialEq)]
pub enum SortValue {
    /// A number, or a truth as 0 and 1.
    Number(f64),
    /// A text.
    Text(String),
    /// Not known: sorts last, in either direction.
    Unknown,
}

impl From<&str> for SortValue {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<f64> for SortValue {
    fn from(number: f64) -> Self {
        if number.is_nan() { Self::Unknown } else { Self::Number(number) }
    }
}

impl From<u64> for SortValue {
    fn from(number: u64) -> Self {
        Self::Number(number as f64)
    }
}

impl From<usize> for SortValue {
    fn from(number: usize) -> Self {
        Self::Number(number as f64)
    }
}

impl From<bool> for SortValue {
    fn from(truth: bool) -> Self {
        Self::Number(f64::from(u8::from(truth)))
    }
}

impl<T: Into<SortValue>> From<Option<T>> for SortValue {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::Unknown, Into::into)
    }
}

/// Which way a field sorts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    Ascending,
    /// Greatest first.
    Descending,
}

impl SortValue {
    /// Numbers before texts before the unknown; the direction turns the first two, never the unknown.
    pub fn compare(&self, other: &Self, direction: Direction) -> Ordering {
        let ascending = match (self, other) {
            (Self::Unknown, Self::Unknown) => return Ordering::Equal,
            (Self::Unknown, _) => return Ordering::Greater,
            (_, Self::Unknown) => return Ordering::Less,
            (Self::Number(one), Self::Number(two)) => one.total_cmp(two),
            (Self::Text(one), Self::Text(two)) => one.cmp(two),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        };
        match direction {
            Direction::Ascending => ascending,
            Direction::Descending => ascending.reverse(),
        }
    }
}

/// A row of a list: it has a key and fields to sort by.
pub trait Row {
    /// The fields that `sort` may name.
    const FIELDS: &'static [&'static str];

    /// The key, which breaks ties.
    fn key(&self) -> &str;

    /// The value of a field; unknown for a name that is not in [`Row::FIELDS`].
    fn sort_value(&self, field: &str) -> SortValue;
}

/// Makes a view a [`Row`] whose listed fields can be sorted by; `kind` is called `type` outside.
macro_rules! sort_fields {
    ($row:ident: $($field:ident),+ $(,)?) => {
        impl $crate::pull::v1::sort::Row for $row<'_> {
            const FIELDS: &'static [&'static str] = &[$($crate::pull::v1::sort::outside_name(stringify!($field))),+];

            fn key(&self) -> &str {
                self.key
            }

            fn sort_value(&self, field: &str) -> $crate::pull::v1::sort::SortValue {
                $(if field == $crate::pull::v1::sort::outside_name(stringify!($field)) {
                    return self.$field.into();
                })+
                $crate::pull::v1::sort::SortValue::Unknown
            }
        }
    };
}
pub(crate) use sort_fields;

/// `kind` stands for `type`, which is a keyword in Rust.
pub const fn outside_name(field: &'static str) -> &'static str {
    match field.as_bytes() {
        b"kind" => "type",
        _ => field,
    }
}
