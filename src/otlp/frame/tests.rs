use proptest::prelude::*;

use crate::model::signal::Signal;
use crate::otlp::frame::{Piece, concat, halve, items, split};
use crate::otlp::samples::{Decoded, signal_and_request};
use crate::otlp::scan::scan;
use crate::otlp::writer;

/// Every item of a request with the resource, scope and metric around it, in order: what a split must keep.
fn flat(signal: Signal, bytes: &[u8]) -> Vec<Vec<u8>> {
    use opentelemetry_proto::tonic::metrics::v1::metric::Data;
    let mut found = Vec::new();
    match Decoded::decode(signal, bytes).unwrap() {
        Decoded::Metrics(request) => {
            for resource in request.resource_metrics {
                for scope in &resource.scope_metrics {
                    for metric in &scope.metrics {
                        let mut around = (resource.resource.clone(), scope.scope.clone(), metric.clone());
                        macro_rules! points {
                            ($data:expr, $kind:path) => {{
                                let points = std::mem::take(&mut $data.data_points);
                                for point in points {
                                    $data.data_points = vec![point];
                                    around.2.data = Some($kind($data.clone()));
                                    found.push(
                                        format!("{} {} {around:?}", resource.schema_url, scope.schema_url).into_bytes(),
                                    );
                                }
                            }};
                        }
                        match metric.data.clone() {
                            None => {}
                            Some(Data::Gauge(mut data)) => points!(data, Data::Gauge),
                            Some(Data::Sum(mut data)) => points!(data, Data::Sum),
                            Some(Data::Histogram(mut data)) => points!(data, Data::Histogram),
                            Some(Data::ExponentialHistogram(mut data)) => points!(data, Data::ExponentialHistogram),
                            Some(Data::Summary(mut data)) => points!(data, Data::Summary),
                        }
                    }
                }
            }
        }
        Decoded::Traces(request) => {
            for resource in request.resource_spans {
                for scope in resource.scope_spans {
                    let around =
                        format!("{:?}{:?}{}{}", resource.resource, scope.scope, resource.schema_url, scope.schema_url);
                    found.extend(scope.spans.iter().map(|span| format!("{around}{span:?}").into_bytes()));
                }
            }
        }
        Decoded::Logs(request) => {
            for resource in request.resource_logs {
                for scope in resource.scope_logs {
                    let around =
                        format!("{:?}{:?}{}{}", resource.resource, scope.scope, resource.schema_url, scope.schema_url);
                    found.extend(scope.log_records.iter().map(|record| format!("{around}{record:?}").into_bytes()));
                }
            }
        }
    }
    found
}

fn holds_all(signal: Signal, request: &[u8], pieces: &[Piece]) -> Result<(), TestCaseError> {
    let merged: Vec<Vec<u8>> = pieces.iter().flat_map(|piece| flat(signal, &piece.body)).collect();
    prop_assert_eq!(merged, flat(signal, request));
    for piece in pieces {
        prop_assert_eq!(scan(signal, &piece.body, usize::MAX).map(|found| found.items), Ok(piece.items));
    }
    prop_assert_eq!(pieces.iter().map(|piece| piece.items).sum::<usize>(), items(signal, request).unwrap());
    Ok(())
}

proptest! {
    /// C9: the pieces have the items of the request, each in its resource, scope and metric, in order.
    #[test]
    fn pieces_hold_what_the_request_held((signal, request) in signal_and_request(), bytes_max in 1usize..3000, items_max in 1usize..20) {
        let pieces = split(signal, &request, bytes_max, items_max).unwrap();
        holds_all(signal, &request, &pieces)?;
    }

    /// H: whatever the request and the bound, what comes out is at most about four times what went in.
    #[test]
    fn pieces_do_not_multiply((signal, request) in signal_and_request(), bytes_max in 1usize..3000) {
        let pieces = split(signal, &request, bytes_max, usize::MAX).unwrap();
        let bytes: usize = pieces.iter().map(|piece| piece.body.len()).sum();
        prop_assert!(bytes <= 4 * request.len() + bytes_max, "{bytes} bytes of {}", request.len());
    }

    /// C9: halves have the items of the request, neither is empty, and they are equal where all items can be separated.
    #[test]
    fn halves_hold_what_the_request_held((signal, request) in signal_and_request()) {
        let total = items(signal, &request).unwrap();
        match halve(signal, &request).unwrap() {
            Some(halves) => {
                holds_all(signal, &request, &halves)?;
                prop_assert!(halves.iter().all(|half| half.items > 0));
            }
            None => prop_assert!(total < 2 || signal == Signal::Metrics),
        }
    }

    /// A batch by concatenation is the two requests one after the other.
    #[test]
    fn concatenation_joins((signal, request) in signal_and_request()) {
        let twice = concat([request.as_slice(), request.as_slice()]);
        let items = flat(signal, &request);
        prop_assert_eq!(flat(signal, &twice), [items.clone(), items].concat());
    }

    /// Any bytes: no panic.
    #[test]
    fn any_bytes_do_not_panic(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        for signal in Signal::ALL {
            let _ = split(signal, &bytes, 20, 2);
            let _ = halve(signal, &bytes);
        }
    }

    #[test]
    fn varint_lengths_are_exact(value: u64) {
        let mut out = Vec::new();
        writer::varint(&mut out, value);
        prop_assert_eq!(out.len(), writer::varint_length(value));
    }
}

fn wrap(number: u32, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    writer::delimited(&mut out, number, body);
    out
}

/// One resource with an attribute and an unknown field, one gauge, `count` points of 12 bytes.
fn gauge(count: usize) -> Vec<u8> {
    let points: Vec<u8> =
        (0..count).flat_map(|index| wrap(1, &[&[0x19][..], &(index as u64).to_le_bytes()].concat())).collect();
    let metric = [wrap(5, &points), wrap(1, b"name"), wrap(100, b"unknown")].concat();
    let resource = [wrap(2, &wrap(2, &metric)), wrap(1, &[]), wrap(101, b"unknown")].concat();
    wrap(1, &resource)
}

/// C9: pieces of one long metric fill the bound without passing it, and unknown fields of every level survive in each.
#[test]
fn pieces_fill_the_bound() {
    let request = gauge(1_000);
    let pieces = split(Signal::Metrics, &request, 500, usize::MAX).unwrap();
    for piece in &pieces {
        assert!(piece.body.len() <= 500, "{}", piece.body.len());
        assert_eq!(piece.body.windows(7).filter(|window| window == b"unknown").count(), 2);
    }
    assert!(pieces[..pieces.len() - 1].iter().all(|piece| piece.body.len() > 485));
    let pieces = split(Signal::Metrics, &request, usize::MAX, 300).unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.items).collect::<Vec<_>>(), [300, 300, 300, 100]);
}

/// C9: halves of halves end at single items, which are not cut.
#[test]
fn halving_ends_at_single_items() {
    let halves = halve(Signal::Metrics, &gauge(5)).unwrap().unwrap();
    assert_eq!([halves[0].items, halves[1].items], [3, 2]);
    assert_eq!(halve(Signal::Metrics, &gauge(1)).unwrap(), None);
    assert_eq!(halve(Signal::Metrics, &[]).unwrap(), None);
}

/// Resources stay whole where they fit: three of equal size into pieces that hold two.
#[test]
fn resources_stay_whole() {
    let resource = gauge(10);
    let pieces = split(Signal::Metrics, &resource.repeat(3), resource.len() * 2 + 50, usize::MAX).unwrap();
    assert_eq!(pieces.iter().map(|piece| piece.items).collect::<Vec<_>>(), [20, 10]);
    assert_eq!(pieces[1].body, resource);
}

/// H: a huge resource with many points is not multiplied.
#[test]
fn large_envelopes_are_not_repeated() {
    let attribute = wrap(1, &wrap(1, &vec![b'k'; 100_000]));
    let points = wrap(2, &wrap(2, &wrap(5, &wrap(1, &[]).repeat(1_000))));
    let request = wrap(1, &[wrap(1, &attribute), points].concat());
    let pieces = split(Signal::Metrics, &request, 100_100, usize::MAX).unwrap();
    assert_eq!(pieces.len(), 1);
    assert_eq!(pieces[0].items, 1_000);
}
