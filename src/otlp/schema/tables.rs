//! The table itself.

use crate::otlp::schema::Kind::{
    Bool, Bytes, Double, Enum, Fixed32, Fixed64, Id, Int32, Int64, Message as Sub, Sfixed64, Sint32, String, Uint32,
    Uint64,
};
use crate::otlp::schema::{Field, Label, Message, Role};

messages! {
    METRICS_REQUEST: "ExportMetricsServiceRequest", Part {
        1 "resourceMetrics" Repeated Sub(&RESOURCE_METRICS);
    }
    TRACES_REQUEST: "ExportTraceServiceRequest", Part {
        1 "resourceSpans" Repeated Sub(&RESOURCE_SPANS);
    }
    LOGS_REQUEST: "ExportLogsServiceRequest", Part {
        1 "resourceLogs" Repeated Sub(&RESOURCE_LOGS);
    }
    RESOURCE_METRICS: "ResourceMetrics", Part {
        1 "resource" Optional Sub(&RESOURCE);
        2 "scopeMetrics" Repeated Sub(&SCOPE_METRICS);
        3 "schemaUrl" Single String;
    }
    RESOURCE_SPANS: "ResourceSpans", Part {
        1 "resource" Optional Sub(&RESOURCE);
        2 "scopeSpans" Repeated Sub(&SCOPE_SPANS);
        3 "schemaUrl" Single String;
    }
    RESOURCE_LOGS: "ResourceLogs", Part {
        1 "resource" Optional Sub(&RESOURCE);
        2 "scopeLogs" Repeated Sub(&SCOPE_LOGS);
        3 "schemaUrl" Single String;
    }
    SCOPE_METRICS: "ScopeMetrics", Part {
        1 "scope" Optional Sub(&SCOPE);
        2 "metrics" Repeated Sub(&METRIC);
        3 "schemaUrl" Single String;
    }
    SCOPE_SPANS: "ScopeSpans", Part {
        1 "scope" Optional Sub(&SCOPE);
        2 "spans" Repeated Sub(&SPAN);
        3 "schemaUrl" Single String;
    }
    SCOPE_LOGS: "ScopeLogs", Part {
        1 "scope" Optional Sub(&SCOPE);
        2 "logRecords" Repeated Sub(&LOG_RECORD);
        3 "schemaUrl" Single String;
    }
    RESOURCE: "Resource", Part {
        1 "attributes" Repeated Sub(&KEY_VALUE);
        2 "droppedAttributesCount" Single Uint32;
        3 "entityRefs" Repeated Sub(&ENTITY_REF);
    }
    ENTITY_REF: "EntityRef", Part {
        1 "schemaUrl" Single String;
        2 "type" Single String;
        3 "idKeys" Repeated String;
        4 "descriptionKeys" Repeated String;
    }
    SCOPE: "InstrumentationScope", Part {
        1 "name" Single String;
        2 "version" Single String;
        3 "attributes" Repeated Sub(&KEY_VALUE);
        4 "droppedAttributesCount" Single Uint32;
    }
    KEY_VALUE: "KeyValue", Pair {
        1 "key" Single String;
        2 "value" Optional Sub(&ANY_VALUE);
        3 "keyStrindex" Single Int32;
    }
    ANY_VALUE: "AnyValue", Part {
        1 "stringValue" Oneof String;
        2 "boolValue" Oneof Bool;
        3 "intValue" Oneof Int64;
        4 "doubleValue" Oneof Double;
        5 "arrayValue" Oneof Sub(&ARRAY_VALUE);
        6 "kvlistValue" Oneof Sub(&KEY_VALUE_LIST);
        7 "bytesValue" Oneof Bytes;
        8 "stringValueStrindex" Oneof Int32;
    }
    ARRAY_VALUE: "ArrayValue", Part {
        1 "values" Repeated Sub(&ANY_VALUE);
    }
    KEY_VALUE_LIST: "KeyValueList", Part {
        1 "values" Repeated Sub(&KEY_VALUE);
    }
    METRIC: "Metric", Part {
        1 "name" Single String;
        2 "description" Single String;
        3 "unit" Single String;
        5 "gauge" Oneof Sub(&GAUGE);
        7 "sum" Oneof Sub(&SUM);
        9 "histogram" Oneof Sub(&HISTOGRAM);
        10 "exponentialHistogram" Oneof Sub(&EXPONENTIAL_HISTOGRAM);
        11 "summary" Oneof Sub(&SUMMARY);
        12 "metadata" Repeated Sub(&KEY_VALUE);
    }
    GAUGE: "Gauge", Part {
        1 "dataPoints" Repeated Sub(&NUMBER_POINT);
    }
    SUM: "Sum", Part {
        1 "dataPoints" Repeated Sub(&NUMBER_POINT);
        2 "aggregationTemporality" Single Enum;
        3 "isMonotonic" Single Bool;
    }
    HISTOGRAM: "Histogram", Part {
        1 "dataPoints" Repeated Sub(&HISTOGRAM_POINT);
        2 "aggregationTemporality" Single Enum;
    }
    EXPONENTIAL_HISTOGRAM: "ExponentialHistogram", Part {
        1 "dataPoints" Repeated Sub(&EXPONENTIAL_POINT);
        2 "aggregationTemporality" Single Enum;
    }
    SUMMARY: "Summary", Part {
        1 "dataPoints" Repeated Sub(&SUMMARY_POINT);
    }
    NUMBER_POINT: "NumberDataPoint", Item {
        2 "startTimeUnixNano" Single Fixed64;
        3 "timeUnixNano" Single Fixed64;
        4 "asDouble" Oneof Double;
        5 "exemplars" Repeated Sub(&EXEMPLAR);
        6 "asInt" Oneof Sfixed64;
        7 "attributes" Repeated Sub(&KEY_VALUE);
        8 "flags" Single Uint32;
    }
    HISTOGRAM_POINT: "HistogramDataPoint", Item {
        2 "startTimeUnixNano" Single Fixed64;
        3 "timeUnixNano" Single Fixed64;
        4 "count" Single Fixed64;
        5 "sum" Optional Double;
        6 "bucketCounts" Repeated Fixed64;
        7 "explicitBounds" Repeated Double;
        8 "exemplars" Repeated Sub(&EXEMPLAR);
        9 "attributes" Repeated Sub(&KEY_VALUE);
        10 "flags" Single Uint32;
        11 "min" Optional Double;
        12 "max" Optional Double;
    }
    EXPONENTIAL_POINT: "ExponentialHistogramDataPoint", Item {
        1 "attributes" Repeated Sub(&KEY_VALUE);
        2 "startTimeUnixNano" Single Fixed64;
        3 "timeUnixNano" Single Fixed64;
        4 "count" Single Fixed64;
        5 "sum" Optional Double;
        6 "scale" Single Sint32;
        7 "zeroCount" Single Fixed64;
        8 "positive" Optional Sub(&BUCKETS);
        9 "negative" Optional Sub(&BUCKETS);
        10 "flags" Single Uint32;
        11 "exemplars" Repeated Sub(&EXEMPLAR);
        12 "min" Optional Double;
        13 "max" Optional Double;
        14 "zeroThreshold" Single Double;
    }
    BUCKETS: "Buckets", Part {
        1 "offset" Single Sint32;
        2 "bucketCounts" Repeated Uint64;
    }
    SUMMARY_POINT: "SummaryDataPoint", Item {
        2 "startTimeUnixNano" Single Fixed64;
        3 "timeUnixNano" Single Fixed64;
        4 "count" Single Fixed64;
        5 "sum" Single Double;
        6 "quantileValues" Repeated Sub(&VALUE_AT_QUANTILE);
        7 "attributes" Repeated Sub(&KEY_VALUE);
        8 "flags" Single Uint32;
    }
    VALUE_AT_QUANTILE: "ValueAtQuantile", Part {
        1 "quantile" Single Double;
        2 "value" Single Double;
    }
    EXEMPLAR: "Exemplar", Part {
        2 "timeUnixNano" Single Fixed64;
        3 "asDouble" Oneof Double;
        4 "spanId" Single Id(8);
        5 "traceId" Single Id(16);
        6 "asInt" Oneof Sfixed64;
        7 "filteredAttributes" Repeated Sub(&KEY_VALUE);
    }
    SPAN: "Span", Item {
        1 "traceId" Single Id(16);
        2 "spanId" Single Id(8);
        3 "traceState" Single String;
        4 "parentSpanId" Single Id(8);
        5 "name" Single String;
        6 "kind" Single Enum;
        7 "startTimeUnixNano" Single Fixed64;
        8 "endTimeUnixNano" Single Fixed64;
        9 "attributes" Repeated Sub(&KEY_VALUE);
        10 "droppedAttributesCount" Single Uint32;
        11 "events" Repeated Sub(&EVENT);
        12 "droppedEventsCount" Single Uint32;
        13 "links" Repeated Sub(&LINK);
        14 "droppedLinksCount" Single Uint32;
        15 "status" Optional Sub(&STATUS);
        16 "flags" Single Fixed32;
    }
    EVENT: "Span.Event", Part {
        1 "timeUnixNano" Single Fixed64;
        2 "name" Single String;
        3 "attributes" Repeated Sub(&KEY_VALUE);
        4 "droppedAttributesCount" Single Uint32;
    }
    LINK: "Span.Link", Part {
        1 "traceId" Single Id(16);
        2 "spanId" Single Id(8);
        3 "traceState" Single String;
        4 "attributes" Repeated Sub(&KEY_VALUE);
        5 "droppedAttributesCount" Single Uint32;
        6 "flags" Single Fixed32;
    }
    STATUS: "Status", Part {
        2 "message" Single String;
        3 "code" Single Enum;
    }
    LOG_RECORD: "LogRecord", Item {
        1 "timeUnixNano" Single Fixed64;
        2 "severityNumber" Single Enum;
        3 "severityText" Single String;
        5 "body" Optional Sub(&ANY_VALUE);
        6 "attributes" Repeated Sub(&KEY_VALUE);
        7 "droppedAttributesCount" Single Uint32;
        8 "flags" Single Fixed32;
        9 "traceId" Single Id(16);
        10 "spanId" Single Id(8);
        11 "observedTimeUnixNano" Single Fixed64;
        12 "eventName" Single String;
    }
}
