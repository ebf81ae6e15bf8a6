//! How many clients there are, in all and of each address, and the seats that count them.

use std::net::{IpAddr, Ipv6Addr};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};

use hashbrown::HashMap;

use crate::state::accounting::Accounting;

/// The clients of one endpoint.
#[derive(Debug, Default)]
pub struct Clients(Mutex<Counts>);

#[derive(Debug, Default)]
struct Counts {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

/// Caps of one endpoint.
#[derive(Clone, Copy, Debug)]
pub struct Caps {
    /// Clients in all.
    pub total_max: usize,
    /// Clients of one address (of one /64 for IPv6: whoever has one address there has them all).
    pub per_address_max: usize,
}

/// Why there is no seat.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoSeat {
    /// The endpoint is full.
    #[error("This endpoint has as many stream clients as it takes ({0})")]
    Full(usize),
    /// The address has all that one address may have.
    #[error("Your address has as many stream clients as one may have ({0})")]
    AddressFull(usize),
}

/// One client's place; it is given back when dropped, however the connection ended.
#[derive(Debug)]
pub struct Seat {
    clients: Arc<Clients>,
    /// Where it is counted for the metrics, if it is.
    accounting: Option<Arc<Accounting>>,
    address: IpAddr,
}

impl Clients {
    /// Takes a seat; `accounting` counts it among the SSE clients.
    ///
    /// # Errors
    /// When a cap is reached.
    pub fn seat(
        self: &Arc<Self>,
        address: IpAddr,
        caps: Caps,
        accounting: Option<&Arc<Accounting>>,
    ) -> Result<Seat, NoSeat> {
        let address = network(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if counts.total >= caps.total_max {
            return Err(NoSeat::Full(caps.total_max));
        }
        // Asked before anything is inserted, so that refused addresses leave no entry behind.
        if counts.by_address.get(&address).copied().unwrap_or(0) >= caps.per_address_max {
            return Err(NoSeat::AddressFull(caps.per_address_max));
        }
        counts.total += 1;
        *counts.by_address.entry(address).or_default() += 1;
        if let Some(accounting) = accounting {
            accounting.sse_clients.fetch_add(1, Ordering::Relaxed);
        }
        Ok(Seat { clients: self.clone(), accounting: accounting.cloned(), address })
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        let mut counts = self.clients.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total -= 1;
        if let Some(count) = counts.by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.by_address.remove(&self.address);
            }
        }
        if let Some(accounting) = &self.accounting {
            accounting.sse_clients.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// The part of an address that one client holds: all of an IPv4 address, the first 64 bits of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}
