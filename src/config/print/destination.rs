//! Push destinations.

use std::path::PathBuf;

use crate::config::print::shown::Shown;
use crate::config::push::{ClientTls, Destination};
use crate::config::read::push::{COMPRESSIONS, DURABILITIES, ON_AUTH_ERROR, ON_FULL, PROTOCOLS};

/// One destination; its endpoint holds no credentials, as those are refused.
pub(super) fn destination(destination: &Destination) -> Shown {
    let signals = destination.signals.iter().map(|signal| Shown::text(signal.as_str())).collect();
    let headers = destination.headers.iter().map(|(name, _)| (name.clone(), Shown::redacted())).collect();
    let retry = &destination.retry;
    let queue = &destination.queue;
    Shown::mapping(vec![
        ("name", Shown::text(&destination.name)),
        ("endpoint", Shown::text(&destination.endpoint)),
        ("protocol", word(destination.protocol, &PROTOCOLS)),
        ("signals", Shown::List(signals)),
        ("compression", word(destination.compression, &COMPRESSIONS)),
        ("headers", Shown::Mapping(headers)),
        ("tls", tls(&destination.tls)),
        ("timeout", Shown::duration(destination.timeout)),
        (
            "retry",
            Shown::mapping(vec![
                ("initial", Shown::duration(retry.initial)),
                ("max", Shown::duration(retry.max)),
                ("give_up_after", retry.give_up_after.map_or_else(|| Shown::text("never"), Shown::duration)),
                ("on_auth_error", word(retry.on_auth_error, &ON_AUTH_ERROR)),
            ]),
        ),
        (
            "queue",
            Shown::mapping(vec![
                ("directory", Shown::path(&queue.directory)),
                ("bytes_max", Shown::size(queue.bytes_max)),
                ("durability", word(queue.durability, &DURABILITIES)),
                ("on_full", word(queue.on_full, &ON_FULL)),
            ]),
        ),
    ])
}

fn tls(tls: &ClientTls) -> Shown {
    let path = |path: &Option<PathBuf>| path.as_deref().map(Shown::path);
    let parts = [
        ("ca", path(&tls.ca)),
        ("certificate", path(&tls.certificate)),
        ("key", path(&tls.key)),
        ("server_name", tls.server_name.as_ref().map(Shown::text)),
    ];
    Shown::mapping(parts.into_iter().filter_map(|(key, value)| value.map(|value| (key, value))).collect())
}

fn word<T: Copy + PartialEq>(value: T, words: &[(&str, T)]) -> Shown {
    words.iter().find(|(_, other)| *other == value).map_or(Shown::Null, |(word, _)| Shown::text(word))
}
