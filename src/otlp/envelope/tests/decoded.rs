//! What prost decodes, without the fields that the views do not show.

use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::common::v1::any_value;
use opentelemetry_proto::tonic::metrics::v1::{self as wire, metric};
use opentelemetry_proto::tonic::resource::v1::Resource as WireResource;

use crate::model::signal::Signal;
use crate::otlp::samples::Decoded;

/// What prost decodes, reduced to what the views show: the views' own reading of prost's canonical bytes is not used here.
pub(super) fn decoded(signal: Signal, bytes: &[u8]) -> Vec<u8> {
    let mut decoded = Decoded::decode(signal, bytes).unwrap();
    match &mut decoded {
        Decoded::Metrics(request) => {
            for found in &mut request.resource_metrics {
                keep_resource(&mut found.resource);
                for scope in &mut found.scope_metrics {
                    keep_scope(&mut scope.scope);
                    scope.metrics.iter_mut().for_each(keep_metric);
                }
            }
        }
        Decoded::Traces(request) => {
            for found in &mut request.resource_spans {
                keep_resource(&mut found.resource);
                for scope in &mut found.scope_spans {
                    keep_scope(&mut scope.scope);
                    for span in &mut scope.spans {
                        keep_attributes(&mut span.attributes);
                        span.status.get_or_insert_default();
                        (span.events, span.links, span.flags) = (Vec::new(), Vec::new(), 0);
                        (span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count) =
                            (0, 0, 0);
                    }
                }
            }
        }
        Decoded::Logs(request) => {
            for found in &mut request.resource_logs {
                keep_resource(&mut found.resource);
                for scope in &mut found.scope_logs {
                    keep_scope(&mut scope.scope);
                    for record in &mut scope.log_records {
                        keep_attributes(&mut record.attributes);
                        keep_value(record.body.get_or_insert_default());
                        (record.flags, record.dropped_attributes_count) = (0, 0);
                    }
                }
            }
        }
    }
    decoded.encode()
}

fn keep_resource(resource: &mut Option<WireResource>) {
    let resource = resource.get_or_insert_default();
    keep_attributes(&mut resource.attributes);
    (resource.dropped_attributes_count, resource.entity_refs) = (0, Vec::new());
}

fn keep_scope(scope: &mut Option<common::InstrumentationScope>) {
    let scope = scope.get_or_insert_default();
    keep_attributes(&mut scope.attributes);
    scope.dropped_attributes_count = 0;
}

fn keep_attributes(attributes: &mut [common::KeyValue]) {
    for pair in attributes {
        pair.key_strindex = 0;
        keep_value(pair.value.get_or_insert_default());
    }
}

fn keep_value(value: &mut common::AnyValue) {
    match &mut value.value {
        Some(any_value::Value::StringValueStrindex(_)) => value.value = None,
        Some(any_value::Value::ArrayValue(list)) => list.values.iter_mut().for_each(keep_value),
        Some(any_value::Value::KvlistValue(list)) => keep_attributes(&mut list.values),
        _ => {}
    }
}

fn keep_exemplars(exemplars: &mut [wire::Exemplar]) {
    exemplars.iter_mut().for_each(|exemplar| keep_attributes(&mut exemplar.filtered_attributes));
}

fn keep_numbers(points: &mut [wire::NumberDataPoint]) {
    for point in points {
        keep_attributes(&mut point.attributes);
        keep_exemplars(&mut point.exemplars);
    }
}

fn keep_temporality(temporality: &mut i32) {
    *temporality = if matches!(*temporality, 1 | 2) { *temporality } else { 0 };
}

fn keep_metric(metric: &mut wire::Metric) {
    metric.metadata.clear();
    match &mut metric.data {
        None => {}
        Some(metric::Data::Gauge(data)) => keep_numbers(&mut data.data_points),
        Some(metric::Data::Sum(data)) => {
            keep_numbers(&mut data.data_points);
            keep_temporality(&mut data.aggregation_temporality);
        }
        Some(metric::Data::Histogram(data)) => {
            keep_temporality(&mut data.aggregation_temporality);
            for point in &mut data.data_points {
                keep_attributes(&mut point.attributes);
                keep_exemplars(&mut point.exemplars);
            }
        }
        Some(metric::Data::ExponentialHistogram(data)) => {
            keep_temporality(&mut data.aggregation_temporality);
            for point in &mut data.data_points {
                keep_attributes(&mut point.attributes);
                keep_exemplars(&mut point.exemplars);
                point.positive.get_or_insert_default();
                point.negative.get_or_insert_default();
            }
        }
        Some(metric::Data::Summary(data)) => {
            data.data_points.iter_mut().for_each(|point| keep_attributes(&mut point.attributes));
        }
    }
}
