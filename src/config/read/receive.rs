//! The OTLP doors.

use std::net::{Ipv4Addr, SocketAddr};

use crate::config::listener::Listener;
use crate::config::read::listener::{cors, listener};
use crate::config::receive::Receive;
use crate::config::section::Section;

const GRPC_PORT: u16 = 4317;
const HTTP_PORT: u16 = 4318;

/// `receive.otlp`.
pub(crate) fn receive(root: &mut Section<'_>) -> Receive {
    let mut section = root.section("receive");
    let mut otlp = section.section("otlp");
    let receive = Receive {
        grpc: door(&mut otlp, "grpc", GRPC_PORT),
        http: door(&mut otlp, "http", HTTP_PORT),
        request_bytes_max: otlp.size("request_bytes_max", 64 << 20, 1024..=1 << 30) as usize,
        items_max: otlp.whole("items_max", 200_000, 1..=10_000_000),
        inflight_bytes_max: otlp.size("inflight_bytes_max", 128 << 20, 1024..=1 << 40) as usize,
    };
    if receive.inflight_bytes_max < receive.request_bytes_max {
        let path = if otlp.has("inflight_bytes_max") { "inflight_bytes_max" } else { "request_bytes_max" };
        let message = "`receive.otlp.inflight_bytes_max` must not be below `receive.otlp.request_bytes_max`: no request \
                       of that size could ever enter";
        otlp.report().problem_at_path(&otlp.path_of(path), message);
    }
    otlp.finish();
    section.finish();
    receive
}

/// A door stands unless its key is `null`.
fn door(otlp: &mut Section<'_>, key: &'static str, port: u16) -> Option<Listener> {
    let is_off = otlp.is_null(key);
    let mut section = otlp.section(key);
    let default = SocketAddr::new(Ipv4Addr::LOCALHOST.into(), port);
    let mut door = listener(&mut section, default, None);
    if key == "http" {
        door.cors = cors(&mut section);
    }
    section.finish();
    (!is_off).then_some(door)
}
