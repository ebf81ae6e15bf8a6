//! Counters and gauges whose writers never wait: a thread writes its own slot with a plain load and store, which costs less
//! than an atomic addition and does not slow down when another thread counts the same thing.

use std::cell::Cell;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// Slots that belong to one thread each; threads beyond that share the last slot and add atomically.
const OWNED_SLOTS: usize = 15;

/// One slot on its own cache line.
#[repr(align(64))]
#[derive(Debug, Default)]
struct Slot(AtomicU64);

/// A counter that many threads may add to. Reading sums the slots: relaxed, exact once the writers rest.
#[derive(Debug, Default)]
pub struct Tally {
    /// Written by `set` (received totals) and by threads without a slot of their own.
    shared: AtomicU64,
    owned: OnceLock<Box<[Slot; OWNED_SLOTS]>>,
    /// Whether a total was set, even if to 0.
    told: AtomicBool,
}

impl Tally {
    /// Adds `amount`; wait-free.
    #[inline]
    pub fn add(&self, amount: u64) {
        let owned = self.owned.get_or_init(Box::default);
        match thread_slot().and_then(|index| owned.get(index)) {
            // Only this thread writes the slot, so a load and a store lose nothing.
            Some(Slot(slot)) => slot.store(slot.load(Ordering::Relaxed).wrapping_add(amount), Ordering::Relaxed),
            None => {
                self.shared.fetch_add(amount, Ordering::Relaxed);
            }
        }
    }

    /// The total.
    pub fn get(&self) -> u64 {
        let shared = self.shared.load(Ordering::Relaxed);
        let owned = self.owned.get().map_or(0, |slots| {
            slots.iter().fold(0, |sum: u64, Slot(slot)| sum.wrapping_add(slot.load(Ordering::Relaxed)))
        });
        shared.wrapping_add(owned)
    }

    /// Sets the total of a counter that was received, and that nobody adds to.
    pub fn set(&self, total: u64) {
        self.shared.store(total, Ordering::Relaxed);
        self.told.store(true, Ordering::Relaxed);
    }

    /// Begins to count: from here on the total is known, if only to be 0.
    pub fn begin(&self) {
        self.told.store(true, Ordering::Relaxed);
    }

    /// Makes the total of a received counter unknown again, and 0.
    pub fn clear(&self) {
        self.shared.store(0, Ordering::Relaxed);
        self.told.store(false, Ordering::Relaxed);
    }

    /// The total, if anything was ever counted or told.
    pub fn known(&self) -> Option<u64> {
        (self.told.load(Ordering::Relaxed) || self.owned.get().is_some()).then(|| self.get())
    }
}

/// A thread's claim on a slot, given back when the thread ends.
struct Claim(Option<usize>);

static CLAIMED: AtomicU64 = AtomicU64::new(0);

impl Claim {
    fn take() -> Self {
        let mut claimed = CLAIMED.load(Ordering::Relaxed);
        loop {
            let free = (!claimed).trailing_zeros() as usize;
            if free >= OWNED_SLOTS {
                return Self(None);
            }
            // Acquire pairs with the release in `drop`: the former owner's last store comes before our first load.
            match CLAIMED.compare_exchange_weak(claimed, claimed | 1 << free, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Self(Some(free)),
                Err(now) => claimed = now,
            }
        }
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        if let Some(index) = self.0 {
            // The thread may still count while it is torn down: from here on it uses the shared slot.
            let _ = SLOT.try_with(|slot| slot.set(SHARED));
            CLAIMED.fetch_and(!(1 << index), Ordering::Release);
        }
    }
}

const UNKNOWN: usize = usize::MAX;
const SHARED: usize = usize::MAX - 1;

thread_local! {
    static SLOT: Cell<usize> = const { Cell::new(UNKNOWN) };
    static CLAIM: Claim = Claim::take();
}

#[inline]
fn thread_slot() -> Option<usize> {
    let slot = SLOT.try_with(Cell::get).unwrap_or(SHARED);
    match slot {
        UNKNOWN => claim_slot(),
        SHARED => None,
        index => Some(index),
    }
}

#[cold]
fn claim_slot() -> Option<usize> {
    let claimed = CLAIM.try_with(|claim| claim.0).unwrap_or(None);
    let _ = SLOT.try_with(|slot| slot.set(claimed.unwrap_or(SHARED)));
    claimed
}

/// A number that is set, not added; absent until it was set.
#[derive(Debug)]
pub struct Figure(AtomicU64);

impl Default for Figure {
    fn default() -> Self {
        Self(AtomicU64::new(Self::ABSENT))
    }
}

impl Figure {
    /// A NaN with a payload that no arithmetic makes.
    const ABSENT: u64 = 0x7ff8_dead_beef_0000;

    /// Sets it.
    pub fn set(&self, value: f64) {
        self.0.store(value.to_bits(), Ordering::Relaxed);
    }

    /// Adds to it, from absent as from 0, and never below 0; any thread may.
    pub fn add(&self, amount: f64) {
        let next = |bits| {
            let before = if bits == Self::ABSENT { 0.0 } else { f64::from_bits(bits) };
            Some((before + amount).max(0.0).to_bits())
        };
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// Makes it absent.
    pub fn clear(&self) {
        self.0.store(Self::ABSENT, Ordering::Relaxed);
    }

    /// The value, if it was ever set.
    pub fn get(&self) -> Option<f64> {
        let bits = self.0.load(Ordering::Relaxed);
        (bits != Self::ABSENT).then(|| f64::from_bits(bits))
    }

    /// The value as a count: none when absent, NaN or negative.
    pub fn count(&self) -> Option<u64> {
        self.get().filter(|value| *value >= 0.0).map(|value| value as u64)
    }
}

/// A whole number that is set, or counted by a single writer; absent until then.
#[derive(Debug)]
pub struct Count(AtomicU64);

impl Default for Count {
    fn default() -> Self {
        Self(AtomicU64::new(Self::ABSENT))
    }
}

impl Count {
    const ABSENT: u64 = u64::MAX;

    /// Sets it; `u64::MAX` is kept as one less, since it marks absence.
    pub fn set(&self, value: u64) {
        self.0.store(value.min(Self::ABSENT - 1), Ordering::Relaxed);
    }

    /// Makes it absent.
    pub fn clear(&self) {
        self.0.store(Self::ABSENT, Ordering::Relaxed);
    }

    /// The value, if it was ever set.
    pub fn get(&self) -> Option<u64> {
        let value = self.0.load(Ordering::Relaxed);
        (value != Self::ABSENT).then_some(value)
    }

    /// Adds to it, from absent as from 0; any thread may.
    pub fn raise(&self, amount: u64) {
        self.change(|value| value.saturating_add(amount));
    }

    /// Takes from it, down to 0; any thread may.
    pub fn lower(&self, amount: u64) {
        self.change(|value| value.saturating_sub(amount));
    }

    fn change(&self, step: impl Fn(u64) -> u64) {
        let next = |value: u64| {
            let known = if value == Self::ABSENT { 0 } else { value };
            Some(step(known).min(Self::ABSENT - 1))
        };
        // The closure always answers, so the update always happens.
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, next);
    }

    /// Adds to it, from absent as from 0. There must be a single writer: the addition is a load and a store.
    #[inline]
    pub fn add_single_writer(&self, amount: u64) {
        self.set(self.get().unwrap_or(0).wrapping_add(amount));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Many threads, more than there are slots, come and go: nothing is lost.
    #[test]
    fn counts_exactly_across_threads() {
        let tally = Tally::default();
        for _ in 0..3 {
            std::thread::scope(|scope| {
                for _ in 0..OWNED_SLOTS + 8 {
                    scope.spawn(|| (0..10_000).for_each(|_| tally.add(1)));
                }
            });
        }
        assert_eq!(tally.get(), 3 * (OWNED_SLOTS as u64 + 8) * 10_000);
    }

    /// A total that nobody told is unknown; one that is told to be 0 is 0.
    #[test]
    fn totals_are_unknown_until_told() {
        let (received, counted, begun) = (Tally::default(), Tally::default(), Tally::default());
        assert_eq!((received.known(), counted.known(), received.get()), (None, None, 0));
        received.set(0);
        counted.add(0);
        begun.begin();
        assert_eq!((received.known(), counted.known(), begun.known()), (Some(0), Some(0), Some(0)));
        received.clear();
        assert_eq!(received.known(), None);
    }

    /// Absent is not zero.
    #[test]
    fn absent_until_set() {
        let (figure, count) = (Figure::default(), Count::default());
        assert_eq!((figure.get(), count.get()), (None, None));
        figure.set(f64::NAN);
        count.set(u64::MAX);
        assert!(figure.get().is_some_and(f64::is_nan));
        assert_eq!(count.get(), Some(u64::MAX - 1));
        figure.clear();
        count.clear();
        assert_eq!((figure.get(), count.get()), (None, None));
    }
}
