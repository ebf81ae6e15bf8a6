//! Requests for tests: bytes grown from the schema table by a list of choices, so that field order, repetition, packing and
//! unknown fields vary in ways that no exporter would produce, and so that a failing case shrinks.

use proptest::prelude::{Strategy, any};
use prost::Message as _;

use crate::model::signal::Signal;
use crate::otlp::schema::{self, Field, Kind, Label, Message, tables};

pub(crate) mod full;

/// Any valid request of `signal`, at most a few kilobytes.
pub(crate) fn requests(signal: Signal) -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..600).prop_map(move |choices| {
        let mut out = Vec::new();
        let mut grower = Grower { choices: choices.into_iter() };
        while grower.choices.len() > 0 {
            grower.field(schema::request(signal), &schema::request(signal).fields[0], 0, &mut out);
        }
        out
    })
}

pub(crate) fn signals() -> impl Strategy<Value = Signal> {
    proptest::sample::select(Signal::ALL.to_vec())
}

/// A signal and a valid request of it.
pub(crate) fn signal_and_request() -> impl Strategy<Value = (Signal, Vec<u8>)> {
    use proptest::prelude::Just;
    signals().prop_flat_map(|signal| (Just(signal), requests(signal)))
}

struct Grower {
    choices: std::vec::IntoIter<u8>,
}

const TEXTS: [&str; 6] = ["", "a", "é漢", "service.name", "a\"} 1\nevil\u{0}\u{7f}", LONG];
const LONG: &str = "0123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890123456789\
                    0123456789012345678901234567890123456789";
const NUMBERS: [u64; 10] = [0, 1, 2, 127, 128, 1 << 31, (1 << 53) + 1, i64::MAX as u64, i64::MIN as u64, u64::MAX];
const DOUBLES: [f64; 9] =
    [0.0, -0.0, 1.5, f64::NAN, f64::INFINITY, f64::NEG_INFINITY, 5e-324, 1.797_693_134_862_315_7e308, -1e18];

impl Grower {
    fn choice(&mut self) -> usize {
        usize::from(self.choices.next().unwrap_or(0))
    }

    fn message(&mut self, message: &'static Message, depth: u32) -> Vec<u8> {
        let mut out = Vec::new();
        let mut merged_once = false;
        while let Some(choice) = self.choices.next() {
            match choice {
                0..24 => break,
                24..28 => out.extend([0xfa, 0x01, 2, b'h', b'i']),
                28..32 => out.extend([0xf8, 0x01, 0x96, 0x01]),
                _ => {
                    let field = &message.fields[usize::from(choice) % message.fields.len()];
                    // An AnyValue that is given twice is merged by libraries; the views show the later one (documented there).
                    let any = field.label == Label::Optional && leads_to(field, &tables::ANY_VALUE);
                    if !(any && std::mem::replace(&mut merged_once, any)) && depth < 24 {
                        self.field(message, field, depth, &mut out);
                    }
                }
            }
        }
        out
    }

    fn field(&mut self, message: &'static Message, field: &'static Field, depth: u32, out: &mut Vec<u8>) {
        use prost::encoding as wire;
        let number = field.number;
        if let Kind::Message(child) = field.kind {
            return wire::bytes::encode(number, &self.message(child, depth + 1), out);
        }
        let choice = self.choice();
        let integer = NUMBERS[choice % NUMBERS.len()];
        let double = DOUBLES[choice % DOUBLES.len()];
        if field.label == Label::Repeated && choice > 99 {
            let count = choice % 4;
            match field.kind {
                Kind::Fixed64 => return wire::fixed64::encode_packed(number, &vec![integer; count], out),
                Kind::Double => return wire::double::encode_packed(number, &vec![double; count], out),
                Kind::Uint64 => return wire::uint64::encode_packed(number, &vec![integer; count], out),
                _ => {}
            }
        }
        match field.kind {
            Kind::Bool => wire::bool::encode(number, &(choice % 2 == 1), out),
            Kind::Int32 | Kind::Enum => wire::int32::encode(number, &(integer as i32), out),
            Kind::Uint32 => wire::uint32::encode(number, &(integer as u32), out),
            Kind::Sint32 => wire::sint32::encode(number, &(integer as i32), out),
            Kind::Int64 => wire::int64::encode(number, &(integer as i64), out),
            Kind::Uint64 => wire::uint64::encode(number, &integer, out),
            Kind::Fixed32 => wire::fixed32::encode(number, &(integer as u32), out),
            Kind::Fixed64 => wire::fixed64::encode(number, &integer, out),
            Kind::Sfixed64 => wire::sfixed64::encode(number, &(integer as i64), out),
            Kind::Double => wire::double::encode(number, &double, out),
            Kind::String => wire::string::encode(number, &TEXTS[choice % TEXTS.len()].to_owned(), out),
            Kind::Bytes => wire::bytes::encode(number, &vec![choice as u8; choice % 7], out),
            Kind::Id(length) => wire::bytes::encode(number, &vec![choice as u8; length * (choice % 2)], out),
            Kind::Message(_) => unreachable!("{} is a message", message.name),
        }
    }
}

fn leads_to(field: &Field, message: &'static Message) -> bool {
    matches!(field.kind, Kind::Message(child) if std::ptr::eq(child, message))
}

/// What prost makes of a request: the independent parser of these tests.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Decoded {
    Metrics(opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest),
    Traces(opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest),
    Logs(opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest),
}

impl Decoded {
    pub(crate) fn decode(signal: Signal, bytes: &[u8]) -> Result<Self, prost::DecodeError> {
        Ok(match signal {
            Signal::Metrics => Self::Metrics(prost::Message::decode(bytes)?),
            Signal::Traces => Self::Traces(prost::Message::decode(bytes)?),
            Signal::Logs => Self::Logs(prost::Message::decode(bytes)?),
        })
    }

    /// The canonical bytes, which compare NaN with NaN.
    pub(crate) fn encode(&self) -> Vec<u8> {
        match self {
            Self::Metrics(request) => request.encode_to_vec(),
            Self::Traces(request) => request.encode_to_vec(),
            Self::Logs(request) => request.encode_to_vec(),
        }
    }

    pub(crate) fn items(&self) -> usize {
        use opentelemetry_proto::tonic::metrics::v1::metric::Data;
        match self {
            Self::Metrics(request) => request
                .resource_metrics
                .iter()
                .flat_map(|resource| &resource.scope_metrics)
                .flat_map(|scope| &scope.metrics)
                .map(|metric| match &metric.data {
                    None => 0,
                    Some(Data::Gauge(data)) => data.data_points.len(),
                    Some(Data::Sum(data)) => data.data_points.len(),
                    Some(Data::Histogram(data)) => data.data_points.len(),
                    Some(Data::ExponentialHistogram(data)) => data.data_points.len(),
                    Some(Data::Summary(data)) => data.data_points.len(),
                })
                .sum(),
            Self::Traces(request) => request
                .resource_spans
                .iter()
                .flat_map(|resource| &resource.scope_spans)
                .map(|scope| scope.spans.len())
                .sum(),
            Self::Logs(request) => request
                .resource_logs
                .iter()
                .flat_map(|resource| &resource.scope_logs)
                .map(|scope| scope.log_records.len())
                .sum(),
        }
    }
}
