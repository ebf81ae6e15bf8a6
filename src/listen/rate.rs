//! Requests for each client address, in a table of bounded size.

use std::hash::BuildHasher;
use std::net::{IpAddr, Ipv6Addr};
use std::num::NonZeroU32;
use std::time::Duration;

use foldhash::fast::RandomState;
use governor::clock::Clock as _;
use governor::middleware::NoOpMiddleware;
use governor::state::keyed::HashMapStateStore;
use governor::{Quota, RateLimiter};

use crate::clock::Clock;
use crate::config::listener::RateLimit;

/// The rate limit of a listener. Clients are told apart by 16 bits of a seeded hash of their address: the table cannot grow
/// past 65,536 places whatever addresses come, and two clients that share a place cannot have chosen to.
#[derive(Debug)]
pub(crate) struct Rates {
    limiter: RateLimiter<u16, HashMapStateStore<u16>, Monotonic, NoOpMiddleware<Duration>>,
    clock: Monotonic,
    hasher: RandomState,
}

#[derive(Clone, Debug)]
struct Monotonic(Clock);

impl governor::clock::Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

impl Rates {
    pub(crate) fn new(config: RateLimit, clock: &Clock) -> Self {
        let at_least_one = |number: u32| NonZeroU32::new(number).unwrap_or(NonZeroU32::MIN);
        let quota = Quota::per_second(at_least_one(config.per_second)).allow_burst(at_least_one(config.burst));
        let clock = Monotonic(clock.clone());
        let limiter = RateLimiter::hashmap_with_clock(quota, clock.clone());
        Self { limiter, clock, hasher: RandomState::default() }
    }

    /// Counts a request of `address`.
    ///
    /// # Errors
    /// Whole seconds, at least 1, after which the next one may come.
    pub(crate) fn check(&self, address: IpAddr) -> Result<(), u64> {
        let place = self.hasher.hash_one(network(address)) as u16;
        self.limiter.check_key(&place).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            wait.as_secs() + u64::from(wait.subsec_nanos() > 0).max(u64::from(wait.as_secs() == 0))
        })
    }
}

/// What one customer of a network holds: an IPv4 address, or the first 64 bits of an IPv6 one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rates(clock: &Clock) -> Rates {
        Rates::new(RateLimit { per_second: 2, burst: 3 }, clock)
    }

    /// H: a client that turns through the addresses of its /64 is one client.
    #[test]
    fn one_ipv6_network_is_one_client() {
        let clock = Clock::manual(0);
        let rates = rates(&clock);
        for host in 0..3_u128 {
            let address = Ipv6Addr::from_bits((0x2001_0db8_u128 << 96) | host);
            assert_eq!(rates.check(address.into()), Ok(()));
        }
        assert_eq!(rates.check("2001:db8::99".parse().unwrap()), Err(1));
        assert_eq!(rates.check("2001:db8:0:1::99".parse().unwrap()), Ok(()));
    }

    /// The burst comes at once, then the steady rate.
    #[test]
    fn a_burst_then_the_rate() {
        let clock = Clock::manual(0);
        let rates = rates(&clock);
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        assert_eq!((0..5).filter(|_| rates.check(address).is_ok()).count(), 3);
        clock.advance(Duration::from_secs(1));
        assert_eq!((0..5).filter(|_| rates.check(address).is_ok()).count(), 2);
    }

    /// H: the table stays bounded under a million addresses.
    #[test]
    fn the_table_is_bounded() {
        let clock = Clock::manual(0);
        let rates = rates(&clock);
        for number in 0..200_000_u32 {
            let _ = rates.check(IpAddr::V4(number.into()));
        }
        assert!(rates.limiter.len() <= 65_536);
    }
}
