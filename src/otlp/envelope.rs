//! What the three signals have in common: a request is a list of resources, a resource has scopes, a scope has metrics, spans
//! or log records. The field numbers are the same in all three (resource 1, scopes 2; scope 1, entries 2; schema URL 3).

use crate::otlp::attributes::Attributes;
use crate::otlp::reader::{Reader, Select, Value, text};

/// The resources of an `Export…ServiceRequest`.
pub const fn resources(request: &[u8]) -> Resources<'_> {
    Resources { select: Select::field(request, 1) }
}

/// The resources of a request, in order.
#[derive(Clone, Debug)]
pub struct Resources<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Resources<'a> {
    type Item = Resource<'a>;

    fn next(&mut self) -> Option<Resource<'a>> {
        self.select.next_bytes().map(Resource::new)
    }
}

/// `ResourceMetrics`, `ResourceSpans` or `ResourceLogs`.
#[derive(Clone, Copy, Debug)]
pub struct Resource<'a> {
    message: &'a [u8],
}

impl<'a> Resource<'a> {
    /// A view of the message's body.
    pub const fn new(message: &'a [u8]) -> Self {
        Self { message }
    }

    /// The body of the whole message, entries included.
    pub const fn message(&self) -> &'a [u8] {
        self.message
    }

    /// The resource's attributes, wherever in the message they stand.
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes::nested(self.message, 1, 1)
    }

    /// The bodies of the `Resource` messages (normally one): equal bytes are equal resources.
    pub const fn resource_bodies(&self) -> Messages<'a> {
        Messages { select: Select::field(self.message, 1) }
    }

    /// Schema URL of the resource.
    pub fn schema_url(&self) -> &'a str {
        last_text(self.message, 3)
    }

    /// The scopes of this resource.
    pub const fn scopes(&self) -> Scopes<'a> {
        Scopes { select: Select::field(self.message, 2) }
    }
}

/// The scopes of a resource, in order.
#[derive(Clone, Debug)]
pub struct Scopes<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Scopes<'a> {
    type Item = Scope<'a>;

    fn next(&mut self) -> Option<Scope<'a>> {
        self.select.next_bytes().map(Scope::new)
    }
}

/// `ScopeMetrics`, `ScopeSpans` or `ScopeLogs`; its entries come from `metrics()`, `spans()` or `log_records()`.
#[derive(Clone, Copy, Debug)]
pub struct Scope<'a> {
    message: &'a [u8],
    /// Name of the instrumentation scope; may be empty.
    pub name: &'a str,
    /// Version of the instrumentation scope; may be empty.
    pub version: &'a str,
    /// Schema URL of the scope's data; may be empty.
    pub schema_url: &'a str,
}

impl<'a> Scope<'a> {
    /// A view of the message's body. Passes over the entries once, by their lengths, because the scope may stand after them.
    pub fn new(message: &'a [u8]) -> Self {
        let mut scope = Self { message, name: "", version: "", schema_url: "" };
        let mut reader = Reader::new(message);
        while let Ok(Some(field)) = reader.next_field() {
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => scope.read(bytes),
                (3, Value::Bytes(bytes)) => scope.schema_url = text(bytes),
                _ => {}
            }
        }
        scope
    }

    fn read(&mut self, instrumentation_scope: &'a [u8]) {
        let mut reader = Reader::new(instrumentation_scope);
        while let Ok(Some(field)) = reader.next_field() {
            match (field.number, field.value) {
                (1, Value::Bytes(bytes)) => self.name = text(bytes),
                (2, Value::Bytes(bytes)) => self.version = text(bytes),
                _ => {}
            }
        }
    }

    /// The body of the whole message, entries included.
    pub const fn message(&self) -> &'a [u8] {
        self.message
    }

    /// Attributes of the instrumentation scope.
    pub const fn attributes(&self) -> Attributes<'a> {
        Attributes::nested(self.message, 1, 3)
    }

    /// The bodies of the entries: `Metric`, `Span` or `LogRecord` messages.
    pub const fn entries(&self) -> Messages<'a> {
        Messages { select: Select::field(self.message, 2) }
    }
}

/// Bodies of messages, in order.
#[derive(Clone, Debug)]
pub struct Messages<'a> {
    select: Select<'a>,
}

impl<'a> Iterator for Messages<'a> {
    type Item = &'a [u8];

    #[inline]
    fn next(&mut self) -> Option<&'a [u8]> {
        self.select.next_bytes()
    }
}

fn last_text(message: &[u8], number: u32) -> &str {
    let mut select = Select::field(message, number);
    let mut found = "";
    while let Some(bytes) = select.next_bytes() {
        found = text(bytes);
    }
    found
}

#[cfg(test)]
mod tests;
