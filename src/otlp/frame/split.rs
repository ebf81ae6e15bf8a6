//! The cutting itself: a walk over the containers of a request that fills one piece after another.

use crate::model::signal::Signal;
use crate::otlp::frame::Piece;
use crate::otlp::reader::{Reader, Value, WireError};
use crate::otlp::writer;

/// The messages that can be cut.
#[derive(Clone, Copy, Debug)]
pub(super) enum Container {
    Request,
    Resource,
    Scope,
    Metric,
    Data,
}

impl Container {
    /// Whether the field with this number holds the parts into which this container may be cut.
    const fn has_child(self, number: u32) -> bool {
        match self {
            Self::Request | Self::Data => number == 1,
            Self::Resource | Self::Scope => number == 2,
            Self::Metric => matches!(number, 5 | 7 | 9 | 10 | 11),
        }
    }

    /// What the parts are; `None` for items.
    const fn child(self, signal: Signal) -> Option<Self> {
        match (self, signal) {
            (Self::Request, _) => Some(Self::Resource),
            (Self::Resource, _) => Some(Self::Scope),
            (Self::Scope, Signal::Metrics) => Some(Self::Metric),
            (Self::Metric, _) => Some(Self::Data),
            (Self::Scope, Signal::Traces | Signal::Logs) | (Self::Data, _) => None,
        }
    }
}

/// Items in the body of a container, or of an item itself.
pub(super) fn count(signal: Signal, container: Option<Container>, body: &[u8]) -> Result<usize, WireError> {
    let Some(container) = container else { return Ok(1) };
    let mut items = 0;
    let mut reader = Reader::new(body);
    while let Some(field) = reader.next_field()? {
        if let (true, Value::Bytes(child)) = (container.has_child(field.number), field.value) {
            items += count(signal, container.child(signal), child)?;
        }
    }
    Ok(items)
}

/// Whether a part that fits into no rest of a piece may begin a new piece, or must be cut to fill the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Boundary {
    Preferred,
    Ignored,
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    pub(super) bytes_max: usize,
    pub(super) items_max: usize,
    pub(super) boundary: Boundary,
}

/// A container that is open in the current piece.
struct Level {
    /// Field number in the container above; 0 for the request.
    number: u32,
    /// Its own fields, which every piece repeats.
    envelope: Vec<u8>,
    /// Its own fields and the parts that are in the current piece.
    content: Vec<u8>,
}

impl Level {
    fn has_parts(&self) -> bool {
        self.content.len() > self.envelope.len()
    }
}

pub(super) struct Splitter {
    signal: Signal,
    limits: Limits,
    levels: Vec<Level>,
    items: usize,
    pieces: Vec<Piece>,
}

impl Splitter {
    pub(super) fn run(signal: Signal, body: &[u8], limits: Limits) -> Result<Vec<Piece>, WireError> {
        let mut splitter = Self { signal, limits, levels: Vec::new(), items: 0, pieces: Vec::new() };
        let (envelope, _) = envelope(Container::Request, body)?;
        if envelope.len() > limits.bytes_max / 2 {
            return Ok(vec![Piece { body: body.to_vec(), items: count(signal, Some(Container::Request), body)? }]);
        }
        splitter.open(0, envelope);
        splitter.walk(Container::Request, body)?;
        splitter.flush();
        Ok(splitter.pieces)
    }

    fn walk(&mut self, container: Container, body: &[u8]) -> Result<(), WireError> {
        let below = container.child(self.signal);
        let mut reader = Reader::new(body);
        while let Some((field, raw)) = reader.next_raw()? {
            let (true, Value::Bytes(child)) = (container.has_child(field.number), field.value) else { continue };
            let items = count(self.signal, below, child)?;
            if self.fits(raw.len(), items, |level| level.content.len(), self.items) {
                self.push(raw, items);
                continue;
            }
            let alone = self.fits(raw.len(), items, |level| level.envelope.len(), 0);
            if alone && self.limits.boundary == Boundary::Preferred {
                self.flush();
                self.push(raw, items);
                continue;
            }
            match below {
                Some(below) if items > 1 && self.enter(below, field.number, child)? => {
                    self.walk(below, child)?;
                    self.leave();
                }
                _ => {
                    self.flush();
                    self.push(raw, items);
                }
            }
        }
        Ok(())
    }

    /// Opens a container to cut it; `false` when it must stay whole.
    fn enter(&mut self, container: Container, number: u32, body: &[u8]) -> Result<bool, WireError> {
        let (envelope, parts) = envelope(container, body)?;
        let repeated = envelope.len() + self.levels.iter().map(|level| level.envelope.len()).sum::<usize>();
        if repeated > self.limits.bytes_max / 2 || (matches!(container, Container::Metric) && parts != 1) {
            return Ok(false);
        }
        self.open(number, envelope);
        Ok(true)
    }

    fn open(&mut self, number: u32, envelope: Vec<u8>) {
        self.levels.push(Level { number, content: envelope.clone(), envelope });
    }

    /// Closes the innermost container and puts what it got into the one above.
    fn leave(&mut self) {
        let Some(level) = self.levels.pop() else { return };
        if let (true, Some(above)) = (level.has_parts(), self.levels.last_mut()) {
            writer::delimited(&mut above.content, level.number, &level.content);
        }
    }

    fn push(&mut self, raw: &[u8], items: usize) {
        if let Some(level) = self.levels.last_mut() {
            level.content.extend_from_slice(raw);
            self.items += items;
        }
    }

    /// Whether a part would fit into a piece whose open containers have these lengths.
    fn fits(&self, part_length: usize, items: usize, length: impl Fn(&Level) -> usize, items_before: usize) -> bool {
        let size = self.levels.iter().rev().fold(part_length, |inner, level| {
            // The numbers of all containers are below 16, so that a key is one byte.
            let content = length(level) + inner;
            if level.number == 0 { content } else { 1 + writer::varint_length(content as u64) + content }
        });
        size <= self.limits.bytes_max && items_before + items <= self.limits.items_max
    }

    /// Ends the current piece, if anything is in it, and begins the next with the same containers open.
    fn flush(&mut self) {
        let mut inner: Option<(u32, Vec<u8>)> = None;
        for level in self.levels.iter_mut().rev() {
            if let Some((number, content)) = inner.take() {
                writer::delimited(&mut level.content, number, &content);
            }
            if level.has_parts() {
                inner = Some((level.number, std::mem::replace(&mut level.content, level.envelope.clone())));
            }
        }
        if let Some((_, body)) = inner {
            self.pieces.push(Piece { body, items: std::mem::take(&mut self.items) });
        }
    }
}

/// A container's own fields, and how many parts it has.
fn envelope(container: Container, body: &[u8]) -> Result<(Vec<u8>, usize), WireError> {
    let mut envelope = Vec::new();
    let mut parts = 0;
    let mut reader = Reader::new(body);
    while let Some((field, raw)) = reader.next_raw()? {
        if container.has_child(field.number) {
            parts += 1;
        } else {
            envelope.extend_from_slice(raw);
        }
    }
    Ok((envelope, parts))
}
