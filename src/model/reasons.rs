//! Reasons that counters always have, so that each begins at 0: a counter that is born with its first count hides that count from
//! whoever asks for its increase.

/// Why a destination of that protocol usually drops items.
pub fn usual_drops(protocol: &str) -> &'static [&'static str] {
    if protocol == "grpc" {
        return &[
            "expired",
            "queue_full",
            "refused_internal",
            "refused_invalid_argument",
            "refused_resource_exhausted",
            "refused_unimplemented",
            "refused_unknown",
            "rejected",
            "too_large",
        ];
    }
    &["expired", "queue_full", "refused_400", "refused_4xx", "refused_5xx", "rejected", "too_large"]
}

/// Why a receiver (`grpc`, `http` or `self`) usually refuses requests.
pub fn usual_refusals(receiver: &str) -> &'static [&'static str] {
    if receiver == "self" {
        return &["disk", "queue_full"];
    }
    &[
        "busy",
        "disk",
        "malformed",
        "queue_full",
        "rate_limited",
        "too_large",
        "too_many_items",
        "too_slow",
        "unauthenticated",
    ]
}

/// What was counted, and 0 for each usual reason that was not, by name.
pub fn with_usual(usual: &[&'static str], counted: &[(&'static str, u64)]) -> Vec<(&'static str, u64)> {
    let absent = usual.iter().filter(|reason| counted.iter().all(|(one, _)| one != *reason));
    let mut all: Vec<_> = counted.iter().copied().chain(absent.map(|reason| (*reason, 0))).collect();
    all.sort_unstable_by_key(|(reason, _)| *reason);
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Counts stay, absent ones are 0, other reasons stand between them.
    #[test]
    fn the_usual_and_the_counted() {
        let all = with_usual(&["b", "d"], &[("a", 1), ("d", 2)]);
        assert_eq!(all, [("a", 1), ("b", 0), ("d", 2)]);
        assert_eq!(with_usual(&[], &[]), []);
    }
}
