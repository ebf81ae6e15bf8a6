//! Instruments of streams.

use opentelemetry::KeyValue;

use crate::record::convention as names;
use crate::record::instruments::{On, text};
use crate::record::local::Local;
use crate::state::cells::StreamCell;

pub(super) fn register(on: On<'_>) {
    on.up_down(names::STREAM_ACTIVE, |local, observer| {
        each(local, |stream| stream.active.get(), |active, labels| observer.observe(active as i64, labels));
    });
    on.up_down(names::STREAM_QUEUE_DEPTH, |local, observer| {
        each(local, |stream| stream.queue_depth.get(), |depth, labels| observer.observe(depth as i64, labels));
    });
    on.counter(names::STREAM_MESSAGES, |local, observer| {
        each(local, |stream| Some(stream.messages.get()), |messages, labels| observer.observe(messages, labels));
    });
    on.counter(names::STREAM_BACKPRESSURE, |local, observer| {
        let events = |stream: &StreamCell| Some(stream.backpressure_events.get());
        each(local, events, |events, labels| observer.observe(events, labels));
    });
}

/// What was not said of a stream is no attribute.
fn each(local: &Local, read: impl Fn(&StreamCell) -> Option<u64>, observe: impl Fn(u64, &[KeyValue])) {
    for stream in local.instance.streams() {
        let Some(value) = read(&stream) else { continue };
        let name = text(names::ATTRIBUTE_STREAM, &stream.name);
        let (from, to) =
            (text(names::ATTRIBUTE_STREAM_FROM, &stream.from), text(names::ATTRIBUTE_STREAM_TO, &stream.to));
        match (&*stream.from, &*stream.to) {
            ("", "") => observe(value, &[name]),
            ("", _) => observe(value, &[name, to]),
            (_, "") => observe(value, &[from, name]),
            _ => observe(value, &[from, name, to]),
        }
    }
}
