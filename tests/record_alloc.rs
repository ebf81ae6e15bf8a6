//! What recording costs in allocations: none, once everything is registered and warm. It has an allocator that counts, and so a
//! program of its own.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::Cell;
use std::fmt;

use otel_bridge::clock::Clock;
use otel_bridge::record::{Recorder, Telemetry, TelemetryOptions};
use otel_bridge::state::{Store, StoreOptions};

thread_local! {
    static ALLOCATIONS: Cell<u64> = const { Cell::new(0) };
}

/// The system's allocator, and how often this thread asked it.
struct Counting;

fn count() {
    // A thread that is being torn down has no counter any more, and measures nothing.
    let _ = ALLOCATIONS.try_with(|allocations| allocations.set(allocations.get() + 1));
}

#[expect(unsafe_code, reason = "an allocator cannot be counted but by being one; every call is the system allocator's")]
// SAFETY: each method hands its arguments on as they came, so the caller's promises are the system allocator's preconditions.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: as above.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        count();
        // SAFETY: as above.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Runs it once to be warm, then counts what a thousand runs allocate on this thread.
fn allocations(mut run: impl FnMut()) -> u64 {
    run();
    let before = ALLOCATIONS.get();
    (0..1_000).for_each(|_| run());
    ALLOCATIONS.get() - before
}

fn no_allocations(recorder: &Recorder) {
    let pool = recorder.pool("requests").size(4).register().unwrap();
    let mut worker = pool.worker("w1").app("shop").register().unwrap();
    assert_eq!(allocations(|| drop(worker.begin())), 0, "begin and drop");
    assert_eq!(allocations(|| worker.begin().fail(&fmt::Error)), 0, "a failed request");
    let tasks = recorder.component("tasks").kind("http").register().unwrap();
    assert_eq!(allocations(|| tasks.processed(1)), 0, "processed");
    assert_eq!(allocations(|| drop(tasks.timed())), 0, "a timed item");
    assert_eq!(allocations(|| tasks.touch()), 0, "touch");
    let breaker = recorder.circuit_breaker("tasks").component("tasks").register().unwrap();
    assert_eq!(allocations(|| breaker.succeeded()), 0, "a success");
    assert_eq!(allocations(|| breaker.failed()), 0, "a failure");
    assert_eq!(allocations(|| breaker.rejected()), 0, "a rejection");
    let stream = recorder.stream("orders").from("cart").to("billing").register().unwrap();
    assert_eq!(allocations(|| stream.messages(1)), 0, "messages");
    assert_eq!(allocations(|| stream.backpressure()), 0, "backpressure");
    assert_eq!(allocations(|| stream.queue_depth(1)), 0, "queue depth");
    assert_eq!(allocations(|| drop(stream.active())), 0, "active");
}

/// Neither with durations nor without, nor on a thread that has no counter slots of its own yet.
#[test]
fn recording_allocates_nothing() {
    assert_eq!(allocations(|| drop(Box::new(1))), 1_000, "the allocator counts");
    let clock = Clock::system();
    let store = Store::new(StoreOptions::of_service("shop", clock.clone()));
    let recorder = Recorder::new(&store, clock).unwrap();
    no_allocations(&recorder);
    let attributes = [("service.name".to_owned(), "shop".to_owned())];
    let telemetry = Telemetry::new(&recorder, &attributes, TelemetryOptions::pull_only());
    no_allocations(telemetry.recorder());
    std::thread::scope(|scope| {
        scope.spawn(|| no_allocations(telemetry.recorder())).join().unwrap();
    });
}
