//! `google.rpc.Status` and the export responses, in the forms that OTLP answers with. They are small and fixed, so they are
//! written by hand.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD;
use bytes::Bytes;

use crate::receive::errors::Refused;

const RETRY_INFO: &str = "type.googleapis.com/google.rpc.RetryInfo";

/// A `google.rpc.Status` in protobuf, with `RetryInfo` where trying again is of use.
pub(crate) fn protobuf(refused: &Refused) -> Bytes {
    let mut status = Vec::with_capacity(128);
    put_number(&mut status, 1, u64::from(refused.reason.row().grpc_code));
    put_bytes(&mut status, 2, refused.message().as_bytes());
    if let Some(seconds) = refused.retry_after_s() {
        let (mut duration, mut info, mut any) = (Vec::new(), Vec::new(), Vec::new());
        put_number(&mut duration, 1, seconds);
        put_bytes(&mut info, 1, &duration);
        put_bytes(&mut any, 1, RETRY_INFO.as_bytes());
        put_bytes(&mut any, 2, &info);
        put_bytes(&mut status, 3, &any);
    }
    status.into()
}

/// The same as JSON.
pub(crate) fn json(refused: &Refused) -> Bytes {
    let code = refused.reason.row().grpc_code;
    let mut status = serde_json::json!({ "code": code, "message": refused.message() });
    if let (Some(seconds), Some(object)) = (refused.retry_after_s(), status.as_object_mut()) {
        let info = serde_json::json!([{ "@type": RETRY_INFO, "retryDelay": format!("{seconds}s") }]);
        object.insert("details".to_owned(), info);
    }
    status.to_string().into()
}

/// The same as `application/problem+json`, for requests that are in neither form of OTLP; it is a `google.rpc.Status` all the same.
pub(crate) fn problem(refused: &Refused) -> Bytes {
    let row = refused.reason.row();
    let title = row.http_status.canonical_reason().unwrap_or("Error");
    serde_json::json!({
        "type": "about:blank",
        "title": title,
        "status": row.http_status.as_u16(),
        "detail": refused.message(),
        "code": row.grpc_code,
        "message": refused.message(),
    })
    .to_string()
    .into()
}

/// The same as the value of `grpc-status-details-bin`.
pub(crate) fn details_bin(refused: &Refused) -> String {
    STANDARD_NO_PAD.encode(protobuf(refused))
}

/// The protobuf of an export response: empty, or a warning (0 rejected and a message; the numbers are the same in all three).
pub(crate) fn export_protobuf(warning: Option<&str>) -> Bytes {
    let Some(message) = warning else { return Bytes::new() };
    let (mut partial, mut response) = (Vec::new(), Vec::new());
    put_bytes(&mut partial, 2, message.as_bytes());
    put_bytes(&mut response, 1, &partial);
    response.into()
}

/// The same as JSON.
pub(crate) fn export_json(warning: Option<&str>) -> Bytes {
    match warning {
        None => Bytes::from_static(b"{}"),
        Some(message) => serde_json::json!({ "partialSuccess": { "errorMessage": message } }).to_string().into(),
    }
}

fn put_number(to: &mut Vec<u8>, field: u32, number: u64) {
    prost::encoding::uint64::encode(field, &number, to);
}

fn put_bytes(to: &mut Vec<u8>, field: u32, bytes: &[u8]) {
    prost::encoding::encode_key(field, prost::encoding::WireType::LengthDelimited, to);
    prost::encoding::encode_varint(bytes.len() as u64, to);
    to.extend_from_slice(bytes);
}
