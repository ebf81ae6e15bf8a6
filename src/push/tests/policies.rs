//! What full queues do, and that several destinations agree.

use proptest::prelude::*;

use super::*;

/// A destination whose queue holds about that many requests of ten points, and never answers.
fn small(name: &str, sink: &Sink, home: &Path, bytes_max: u64, on_full: OnFull, durability: Durability) -> Destination {
    let mut small = destination(name, sink, Protocol::HttpProtobuf, &home.join("q"));
    small.queue.bytes_max = bytes_max;
    small.queue.on_full = on_full;
    small.queue.durability = durability;
    small
}

fn durabilities() -> Vec<Durability> {
    if cfg!(feature = "queue") {
        vec![Durability::Commit, Durability::Interval, Durability::Memory]
    } else {
        vec![Durability::Memory]
    }
}

/// A full queue refuses, drops the oldest or drops the newest, as configured, and takes up again once there is room.
#[tokio::test]
async fn full_queues() {
    for durability in durabilities() {
        for on_full in [OnFull::Refuse, OnFull::DropOldest, OnFull::DropNewest] {
            let home = tempfile::tempdir().unwrap();
            let sink = Sink::start(vec![]).await;
            sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
            let bench = Bench::start(&[small("stack", &sink, home.path(), 20_000, on_full, durability)]);
            // The first request is in flight from now on, which no policy drops.
            bench.submit(-10, 10).await.unwrap();
            sink.wait_for_requests(1).await;
            let mut refused = 0;
            for number in 0..200 {
                if let Err(error) = bench.submit(number * 10, 10).await {
                    assert!(matches!(error, SubmitError::Full { .. }) && on_full == OnFull::Refuse, "{error}");
                    refused += 10;
                }
            }
            let books = bench.until("stack", |_| true).await;
            let full = books.dropped.iter().map(|(reason, items)| (*reason, *items)).collect::<Vec<_>>();
            assert_eq!(books.accepted + refused, 2010, "{durability:?} {on_full:?}");
            assert!(books.queue_bytes <= 20_000 && books.queue_items > 100, "{books:?}");
            match on_full {
                OnFull::Refuse => assert!(refused > 0 && full.is_empty()),
                OnFull::DropOldest | OnFull::DropNewest => assert!(full.len() == 1 && full[0].0 == "queue_full"),
            }
            sink.always(None);
            let books = bench.drained("stack").await;
            bench.submit(5000, 10).await.unwrap();
            bench.drained("stack").await;
            bench.push.stop(STOP).await;
            assert_eq!(sink.taken_items(), books.delivered + 10);
            let taken: Vec<i64> =
                sink.received().iter().filter(|one| one.taken).flat_map(|one| values(&one.body)).collect();
            assert!(taken.windows(2).all(|pair| pair[0] < pair[1]), "each once and in order");
            assert_eq!(taken.contains(&1999), on_full == OnFull::DropOldest, "{durability:?} {on_full:?}");
        }
    }
}

/// A request that is larger than the whole queue drops itself and nobody else.
#[tokio::test]
async fn a_giant_evicts_nobody() {
    for durability in durabilities() {
        let home = tempfile::tempdir().unwrap();
        let sink = Sink::start(vec![]).await;
        sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
        let bench = Bench::start(&[small("stack", &sink, home.path(), 5_000, OnFull::DropOldest, durability)]);
        bench.submit(0, 10).await.unwrap();
        bench.submit(10, 10).await.unwrap();
        bench.submit(0, 20_000).await.unwrap();
        let books = bench.until("stack", |_| true).await;
        assert_eq!((books.queue_items, books.dropped), (20, vec![("queue_full", 20_000)]), "{durability:?}");
        bench.push.stop(Duration::ZERO).await;
    }
}

/// A request that one destination refuses is in no other, so that the sender's retry makes no duplicate; a destination that
/// drops refuses nobody.
#[tokio::test]
async fn all_or_nothing() {
    let home = tempfile::tempdir().unwrap();
    let (roomy, tight, dropping) = (Sink::start(vec![]).await, Sink::start(vec![]).await, Sink::start(vec![]).await);
    tight.always(Some(Answer::Http(503, vec![], Bytes::new())));
    dropping.always(Some(Answer::Http(503, vec![], Bytes::new())));
    let durability = *durabilities().first().unwrap();
    let bench = Bench::start(&[
        small("roomy", &roomy, home.path(), 1_000_000, OnFull::Refuse, durability),
        small("tight", &tight, home.path(), 10_000, OnFull::Refuse, durability),
        small("dropping", &dropping, home.path(), 1_000, OnFull::DropNewest, durability),
    ]);
    let mut taken = Vec::new();
    for number in 0..100 {
        if bench.submit(number * 10, 10).await.is_ok() {
            taken.extend(number * 10..number * 10 + 10);
        }
    }
    assert!(taken.len() > 100 && taken.len() < 1000, "{}", taken.len());
    tight.always(None);
    dropping.always(None);
    for name in ["roomy", "tight", "dropping"] {
        let books = bench.drained(name).await;
        assert_eq!(books.accepted, taken.len() as u64, "{name}");
    }
    bench.push.stop(STOP).await;
    let seen: Vec<i64> = roomy.received().iter().flat_map(|one| values(&one.body)).collect();
    assert_eq!(seen, taken);
}

/// The submitter may go away at any moment: the request is decided all the same, in all destinations alike.
#[tokio::test]
async fn decided_without_the_submitter() {
    let home = tempfile::tempdir().unwrap();
    let (one, other) = (Sink::start(vec![]).await, Sink::start(vec![]).await);
    let bench = Bench::start(&[
        destination("one", &one, Protocol::Grpc, &home.path().join("q")),
        destination("other", &other, Protocol::Grpc, &home.path().join("q")),
    ]);
    for number in 0..50 {
        let mut submit = Box::pin(bench.submit(number, 1));
        assert!(futures_util::poll!(&mut submit).is_pending() || cfg!(not(feature = "queue")));
        drop(submit);
    }
    bench.until("one", |books| books.delivered == 50).await;
    bench.until("other", |books| books.delivered == 50).await;
    bench.push.stop(STOP).await;
    assert_eq!((one.taken_items(), other.taken_items()), (50, 50));
}

/// A reload replaces a changed destination on the same queue, keeps the unchanged one, and drops what left.
#[tokio::test]
async fn reload_changes_only_what_changed() {
    for durability in durabilities() {
        let home = tempfile::tempdir().unwrap();
        let (before, after) = (Sink::start(vec![]).await, Sink::start(vec![]).await);
        before.always(Some(Answer::Http(503, vec![], Bytes::new())));
        let old = small("stack", &before, home.path(), 1_000_000, OnFull::Refuse, durability);
        let new = small("stack", &after, home.path(), 1_000_000, OnFull::Refuse, durability);
        let gone = small("gone", &before, home.path(), 1_000_000, OnFull::Refuse, Durability::Memory);
        let bench = Bench::start(&[old, gone]);
        for number in 0..10 {
            bench.submit(number, 1).await.unwrap();
        }
        before.wait_for_requests(1).await;
        bench.push.reload(&[new]).await.unwrap();
        let books = bench.drained("stack").await;
        assert_eq!((books.recovered, books.accepted, books.delivered), (0, 10, 10), "{durability:?}");
        assert_eq!(bench.accounting.destinations(0).len(), 1);
        let mut seen: Vec<i64> = after.received().iter().flat_map(|one| values(&one.body)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..10).collect::<Vec<i64>>());
        bench.push.stop(STOP).await;
    }
}

/// Scenario: a destination delivers, moves to another endpoint while data waits and comes in, leaves, comes back, and gets
/// another folder for its queue. The same name is the same account: at every moment what was accepted or recovered is what was
/// delivered, queued or dropped.
#[tokio::test]
async fn a_changed_destination_keeps_its_account() {
    for durability in durabilities() {
        let home = tempfile::tempdir().unwrap();
        let sinks = [Sink::start(vec![]).await, Sink::start(vec![]).await];
        let at = |place: usize| small("stack", &sinks[place], home.path(), 1_000_000, OnFull::Refuse, durability);
        let other = small("other", &sinks[1], home.path(), 1_000_000, OnFull::Refuse, durability);
        let bench = Bench::start(&[at(0), other.clone()]);
        bench.submit(0, 10).await.unwrap();
        bench.drained("stack").await;
        sinks[0].always(Some(Answer::Http(503, vec![], Bytes::new())));
        // Taken in while it moves: by both destinations or by none.
        let mut taken = 10;
        let moved = [at(1), other.clone()];
        let moving = bench.push.reload(&moved);
        let coming = async {
            let mut taken = 0;
            for number in 1..40 {
                taken += if bench.submit(number * 10, 10).await.is_ok() { 10 } else { 0 };
            }
            taken
        };
        let (moved, came) = tokio::join!(moving, coming);
        moved.unwrap();
        taken += came;
        for name in ["stack", "other"] {
            let books = bench.drained(name).await;
            let counts = (books.recovered, books.accepted, books.delivered);
            assert_eq!(counts, (0, taken, taken), "{name} {durability:?} {books:?}");
        }
        assert!(bench.facts("stack").last_success_unix_ms.is_some());
        sinks[1].always(Some(Answer::Http(503, vec![], Bytes::new())));
        bench.submit(500, 5).await.unwrap();
        bench.push.reload(std::slice::from_ref(&other)).await.unwrap();
        bench.push.reload(&[at(0), other.clone()]).await.unwrap();
        let books = bench.until("stack", |books| books.queue_items == 5 || durability == Durability::Memory).await;
        assert_eq!((books.accepted, books.delivered), (taken + 5, taken), "{durability:?}");
        let mut elsewhere = at(0);
        elsewhere.queue.directory = home.path().join("elsewhere");
        bench.push.reload(&[elsewhere, other]).await.unwrap();
        let books = bench.until("stack", |_| true).await;
        if durability != Durability::Memory {
            assert_eq!((books.queue_items, books.dropped), (0, vec![("left_behind", 5)]));
        }
        bench.push.stop(Duration::ZERO).await;
    }
}

/// A request that is larger than a queue that refuses could ever hold is refused for good: its sender must not try for ever.
#[tokio::test]
async fn a_giant_is_refused_for_good() {
    for durability in durabilities() {
        let home = tempfile::tempdir().unwrap();
        let sink = Sink::start(vec![]).await;
        sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
        let small = small("stack", &sink, home.path(), 5_000, OnFull::Refuse, durability);
        let mut full = small.clone();
        full.name = "full".to_owned();
        full.queue.bytes_max = 10;
        let bench = Bench::start(std::slice::from_ref(&small));
        bench.submit(0, 10).await.unwrap();
        assert_eq!(bench.submit(0, 20_000).await, Err(SubmitError::TooLarge), "{durability:?}");
        assert_eq!(SubmitError::TooLarge.retry_after(), None);
        assert_eq!(bench.metrics("stack").queue_items, 10, "{durability:?}");
        bench.push.reload(&[small, full]).await.unwrap();
        assert_eq!(bench.submit(10, 1).await, Err(SubmitError::TooLarge), "one of two is enough");
        bench.push.stop(Duration::ZERO).await;
    }
}

/// P2: what a destination took of a signal is delivered though a reload takes the signal away; new data of it is not taken.
#[tokio::test]
async fn a_signal_that_is_taken_away_is_delivered_first() {
    for durability in durabilities() {
        let home = tempfile::tempdir().unwrap();
        let sink = Sink::start(vec![]).await;
        sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
        let both = small("stack", &sink, home.path(), 1_000_000, OnFull::Refuse, durability);
        let mut traces_only = both.clone();
        traces_only.signals = vec![Signal::Traces];
        let bench = Bench::start(&[both]);
        bench.submit(0, 10).await.unwrap();
        bench.push.reload(std::slice::from_ref(&traces_only)).await.unwrap();
        bench.submit(10, 10).await.unwrap();
        assert_eq!(bench.metrics("stack").queue_items, 10);
        sink.always(None);
        let books = bench.drained("stack").await;
        assert_eq!((books.recovered, books.accepted, books.delivered), (0, 10, 10), "{durability:?}");
        bench.push.stop(STOP).await;
        assert_eq!(sink.taken_items(), 10, "{durability:?}");
        if durability != Durability::Memory {
            let again = Bench::start(&[traces_only]);
            assert!(again.facts("stack").signals[0].is_none(), "nothing is left of it");
        }
    }
}

fn answers() -> impl Strategy<Value = Answer> {
    prop_oneof![
        4 => Just(Answer::Taken(Bytes::new())),
        2 => Just(Answer::Http(503, vec![], Bytes::new())),
        1 => Just(Answer::Http(400, vec![], Bytes::new())),
        1 => Just(Answer::Http(413, vec![], Bytes::new())),
        1 => Just(Answer::Http(401, vec![], Bytes::new())),
        1 => Just(Answer::Cut),
        1 => Just(Answer::Taken(Bytes::from_static(&[0x0a, 2, 0x08, 2]))),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    /// received + recovered = delivered + queued + Σ dropped, whatever the destination answers, with stops in between.
    #[test]
    fn the_books_always_balance(
        script in prop::collection::vec(answers(), 0..12),
        batches in prop::collection::vec(prop::collection::vec(1..40i64, 0..6), 1..4),
        which in 0..3usize,
        bytes_max in prop_oneof![Just(1_500u64), Just(1_000_000)],
    ) {
        let on_full = [OnFull::Refuse, OnFull::DropOldest, OnFull::DropNewest][which];
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let home = tempfile::tempdir().unwrap();
            let sink = Sink::start(script).await;
            let config = small("stack", &sink, home.path(), bytes_max, on_full, durabilities()[0]);
            let mut left = 0;
            for batch in batches {
                let bench = Bench::start(std::slice::from_ref(&config));
                let books = bench.metrics("stack");
                // A queue in memory ends with its run.
                let kept = if config.queue.durability == Durability::Memory { 0 } else { left };
                assert_eq!(books.recovered, kept, "what was left comes back");
                check(&books);
                for count in batch {
                    let _ = bench.submit(0, count).await;
                }
                bench.push.stop(Duration::from_millis(20)).await;
                let books = bench.metrics("stack");
                check(&books);
                left = books.queue_items;
            }
            let bench = Bench::start(&[config]);
            bench.drained("stack").await;
            bench.push.stop(STOP).await;
        });
    }
}
