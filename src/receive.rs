//! The OTLP doors: gRPC and HTTP in, one intake behind both. What is accepted is forwarded first and answered only then.
//!
//! ```text
//! listen ─▶ grpc ─┐  read, inflate        scan, submit, ingest
//!                 ├──────────────▶ intake ──────────────────▶ forwarder, store, books
//! listen ─▶ http ─┘  under one budget of bytes
//! ```

mod admission;
mod answer;
mod errors;
mod grpc;
mod http;
mod inflate;
mod intake;
mod read;
mod status;

use std::net::SocketAddr;
use std::sync::Arc;

use crate::clock::Clock;
use crate::config::receive::Receive;
use crate::listen::{self, BoundListener, ListenError, Served, Timings};
use crate::state::cells::ComponentCell;
use crate::tasks::Tasks;

pub use admission::InFlight;
pub use errors::{Reason, Refused, Row};
pub use grpc::Services;
pub use intake::{Forward, Intake, Unavailable};

/// The bound doors: their ports are known, and nobody is answered yet.
#[derive(Debug)]
pub struct Doors {
    grpc: Option<BoundListener>,
    http: Option<BoundListener>,
}

/// What the doors are served with beside the intake.
#[derive(Clone, Debug, Default)]
pub struct DoorOptions {
    /// Further gRPC services on the gRPC port: health, reflection, the bridge's own.
    pub services: Services,
    /// The component `otlp-grpc`, if the process shows itself.
    pub grpc_component: Option<Arc<ComponentCell>>,
    /// The component `otlp-http`, likewise.
    pub http_component: Option<Arc<ComponentCell>>,
    /// Clocks of both listeners.
    pub timings: Timings,
}

/// The doors at work.
#[derive(Clone, Debug)]
pub struct OpenDoors {
    /// The gRPC listener, if there is one.
    pub grpc: Option<Served>,
    /// The HTTP listener, if there is one.
    pub http: Option<Served>,
}

impl Doors {
    /// Binds the configured doors, inside a tokio runtime.
    ///
    /// # Errors
    /// [`ListenError::Bind`] of the first address that cannot be bound.
    pub fn bind(config: &Receive) -> Result<Self, ListenError> {
        let bind = |listener: &Option<_>| listener.as_ref().map(listen::bind).transpose();
        Ok(Self { grpc: bind(&config.grpc)?, http: bind(&config.http)? })
    }

    /// Where gRPC listens.
    pub fn grpc_addr(&self) -> Option<SocketAddr> {
        self.grpc.as_ref().map(BoundListener::local_addr)
    }

    /// Where HTTP listens.
    pub fn http_addr(&self) -> Option<SocketAddr> {
        self.http.as_ref().map(BoundListener::local_addr)
    }

    /// Opens the doors. Cancelling `tasks` stops accepting and asks connections to go; joining it waits until they are gone,
    /// for at most [`Timings::drain`].
    ///
    /// # Errors
    /// [`ListenError`] when TLS files, a password hash or an origin cannot be used.
    pub fn serve<F: Forward>(
        self,
        intake: &Arc<Intake<F>>,
        options: DoorOptions,
        tasks: &Tasks,
    ) -> Result<OpenDoors, ListenError> {
        let DoorOptions { services, grpc_component, http_component, timings } = options;
        let clock = intake.clock();
        let grpc = match self.grpc {
            None => None,
            Some(bound) => {
                let activity = Activity(grpc_component);
                let door = grpc::GrpcDoor { intake: intake.clone(), services, activity };
                Some(listen::serve(bound, Arc::new(door), timings, clock, tasks)?)
            }
        };
        let http = match self.http {
            None => None,
            Some(bound) => {
                let door = http::HttpDoor { intake: intake.clone(), activity: Activity(http_component) };
                Some(listen::serve(bound, Arc::new(door), timings, clock, tasks)?)
            }
        };
        Ok(OpenDoors { grpc, http })
    }
}

/// A door as a component that the bridge shows of itself.
#[derive(Debug)]
struct Activity(Option<Arc<ComponentCell>>);

impl Activity {
    fn processed(&self, clock: &Clock, items: u64) {
        if let Some(cell) = &self.0 {
            cell.items_processed.add(items);
            cell.last_activity.set(clock.unix_ms() as f64 / 1000.0);
        }
    }

    fn failed(&self, clock: &Clock) {
        if let Some(cell) = &self.0 {
            cell.errors.add(1);
            cell.last_activity.set(clock.unix_ms() as f64 / 1000.0);
        }
    }
}

#[cfg(test)]
mod tests;
