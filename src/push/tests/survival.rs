//! What survives: the death of the process, damage to the file, a full disk.

use std::path::PathBuf;

use rusqlite::Connection;

use super::*;
use crate::limits::FORWARD_BYTES_MAX;
use crate::push::queue::disk::marker::Marker;

/// A copy of the queue files as a dead process would leave them.
fn remains(directory: &Path, to: &Path) -> PathBuf {
    let copy = to.join("remains");
    std::fs::create_dir(&copy).unwrap();
    for file in std::fs::read_dir(directory).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_dir() {
            continue;
        }
        std::fs::copy(file.path(), copy.join(file.file_name())).unwrap();
    }
    copy
}

/// Starts on `directory` with a destination that takes everything; tells its books once drained, and the points it got.
async fn revive(directory: &Path) -> (DestinationSignal, Vec<i64>, Bench) {
    let sink = Sink::start(vec![]).await;
    let bench = Bench::start(&[destination("stack", &sink, Protocol::HttpProtobuf, directory)]);
    let books = bench.drained("stack").await;
    bench.push.stop(STOP).await;
    let mut seen: Vec<i64> = sink.received().iter().flat_map(|one| values(&one.body)).collect();
    seen.sort_unstable();
    (books, seen, bench)
}

/// Fills a queue whose destination never answers with `requests` of ten points, as acknowledged.
async fn filled(directory: &Path, durability: Durability, requests: i64) -> (Bench, Sink) {
    let sink = Sink::start(vec![]).await;
    sink.always(Some(Answer::Hang));
    let mut config = destination("stack", &sink, Protocol::HttpProtobuf, directory);
    config.queue.durability = durability;
    let bench = Bench::start(&[config]);
    for number in 0..requests {
        bench.submit(number * 10, 10).await.unwrap();
    }
    (bench, sink)
}

/// P1, P2: whatever was acknowledged when the process dies is delivered by the next one, once.
#[tokio::test]
async fn nothing_acknowledged_is_lost() {
    for durability in [Durability::Commit, Durability::Interval] {
        let home = tempfile::tempdir().unwrap();
        let (_bench, _sink) = filled(&home.path().join("q"), durability, 50).await;
        let copy = remains(&home.path().join("q"), home.path());
        let (books, seen, _) = revive(&copy).await;
        assert_eq!((books.recovered, books.delivered), (500, 500));
        assert_eq!(seen, (0..500).collect::<Vec<i64>>());
        let (books, seen, _) = revive(&copy).await;
        assert_eq!((books.recovered, seen.len()), (0, 0), "what was delivered stays so");
    }
}

/// More than memory keeps goes through the file, in order and once, while new data comes.
#[tokio::test]
async fn backlogs_beyond_the_cache() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
    let config = destination("stack", &sink, Protocol::Grpc, &home.path().join("q"));
    let bench = Bench::start(&[config]);
    let (size, requests) = (points(0, 10_000).len(), 60);
    assert!(size * requests as usize > 16 * 1024 * 1024);
    for number in 0..requests {
        bench.submit(number * 10_000, 10_000).await.unwrap();
    }
    sink.always(None);
    for number in requests..requests + 10 {
        bench.submit(number * 10_000, 10_000).await.unwrap();
    }
    let books = bench.drained("stack").await;
    bench.push.stop(STOP).await;
    assert_eq!((books.accepted, books.delivered), (700_000, 700_000));
    let taken = sink.received().into_iter().filter(|one| one.taken);
    assert!(taken.clone().all(|one| one.body.len() <= FORWARD_BYTES_MAX));
    assert!(taken.flat_map(|one| values(&one.body)).eq(0..700_000));
}

/// F5, P6: a flipped bit or a cut file never prevents a start; what is lost is in the books where it can be counted, and what
/// arrives is whole.
#[tokio::test]
async fn damage_never_prevents_a_start() {
    let home = tempfile::tempdir().unwrap();
    let (bench, _sink) = filled(&home.path().join("q"), Durability::Commit, 60).await;
    bench.push.stop(Duration::ZERO).await;
    let whole = std::fs::read(home.path().join("q/stack.queue")).unwrap();
    assert!(whole.len() > 50_000, "{}", whole.len());
    let mut spots: Vec<(usize, bool)> = (0..24).map(|part| (part * whole.len() / 24 + part * 37, false)).collect();
    spots.extend((0..8).map(|part| (part * whole.len() / 8 + part * 11, true)));
    spots.push((18, false));
    let mut set_aside = 0;
    for (spot, cut) in spots {
        let directory = home.path().join(format!("d{spot}-{cut}"));
        std::fs::create_dir(&directory).unwrap();
        let mut bytes = whole.clone();
        if cut {
            bytes.truncate(spot);
        } else {
            bytes[spot] ^= 0x40;
        }
        std::fs::write(directory.join("stack.queue"), &bytes).unwrap();
        let (books, seen, bench) = revive(&directory).await;
        check(&books);
        assert!(seen.iter().all(|value| (0..600).contains(value)), "{spot} {cut}");
        assert!(seen.windows(2).all(|pair| pair[0] < pair[1]), "each once: {spot} {cut}");
        // The first pages hold no records; whole leaves behind them are read again.
        if cut && spot > whole.len() * 3 / 4 {
            assert!(seen.len() >= 100, "what can be read is saved: {} at {spot}", seen.len());
        }
        if !cut {
            assert!(seen.len() >= 100 || spot < 8192, "{} at {spot}", seen.len());
        }
        let aside = std::fs::read_dir(&directory).unwrap();
        let corrupt = aside.filter(|file| file.as_ref().unwrap().file_name().to_string_lossy().contains(".corrupt-"));
        let corrupt = corrupt.count();
        assert_eq!(corrupt > 0, bench.facts("stack").warnings > 0, "counted: {spot} {cut}");
        set_aside += usize::from(corrupt > 0);
    }
    assert!(set_aside > 7, "{set_aside}");
}

/// A damaged record alone is lost, and counted.
#[tokio::test]
async fn a_damaged_record_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let (bench, _sink) = filled(&home.path().join("q"), Durability::Commit, 20).await;
    bench.push.stop(Duration::ZERO).await;
    let file = home.path().join("q/stack.queue");
    let damage = Connection::open(&file).unwrap();
    damage.execute("UPDATE metrics SET crc = crc + 1 WHERE id IN (3, 9)", []).unwrap();
    drop(damage);
    let (books, seen, _) = revive(&home.path().join("q")).await;
    assert_eq!((books.recovered, books.delivered, seen.len()), (200, 180, 180));
    assert_eq!(books.dropped, [("corrupt", 20)]);
}

/// Another layout, or a file that is no database, is set aside, kept, and a new one is started.
#[tokio::test]
async fn unknown_files_are_set_aside() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("q");
    std::fs::create_dir(&directory).unwrap();
    std::fs::write(directory.join("stack.queue"), "not a database, but long enough to be read as a header of one")
        .unwrap();
    let sink = Sink::start(vec![]).await;
    let bench = Bench::start(&[destination("stack", &sink, Protocol::Grpc, &directory)]);
    bench.submit(0, 10).await.unwrap();
    bench.drained("stack").await;
    bench.push.stop(STOP).await;
    let future = Connection::open(directory.join("stack.queue")).unwrap();
    future.pragma_update(None, "user_version", 77).unwrap();
    drop(future);
    let (_, _, bench) = revive(&directory).await;
    assert_eq!(bench.facts("stack").warnings, 1);
    let names = std::fs::read_dir(&directory).unwrap().map(|file| file.unwrap().file_name());
    assert_eq!(names.filter(|name| name.to_string_lossy().starts_with("stack.queue.corrupt-")).count(), 2);
}

/// Lets `deaths` processes die one after another, each with the first record in flight; tells what the last one left behind.
async fn deaths(directory: &Path, deaths: usize) -> PathBuf {
    let mut directory = directory.to_path_buf();
    for _ in 0..deaths {
        let sink = Sink::start(vec![]).await;
        sink.always(Some(Answer::Hang));
        let bench = Bench::start(&[destination("stack", &sink, Protocol::HttpProtobuf, &directory)]);
        sink.wait_for_requests(1).await;
        let left = remains(&directory, &directory);
        bench.push.stop(Duration::ZERO).await;
        directory = left;
    }
    directory
}

/// A record that was in flight in five deaths of the process in a row is set aside; its neighbours are not.
#[tokio::test]
async fn a_poisonous_record_is_set_aside() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("q");
    let (bench, _sink) = filled(&directory, Durability::Commit, 3).await;
    bench.push.stop(Duration::ZERO).await;
    let directory = deaths(&directory, 5).await;
    let (books, seen, _) = revive(&directory).await;
    assert_eq!((books.recovered, books.delivered, books.dropped), (30, 20, vec![("poison", 10)]));
    assert_eq!(seen, (10..30).collect::<Vec<i64>>());
    let file = Connection::open(directory.join("stack.queue")).unwrap();
    let dead: i64 = file.query_row("SELECT count(*) FROM dead", [], |row| row.get(0)).unwrap();
    assert_eq!(dead, 1, "it is kept for inspection");
}

/// Deaths count in a row alone: an attempt that ended, however, or a stop in order begins the count anew.
#[tokio::test]
async fn what_was_survived_is_forgiven() {
    for is_stopped in [false, true] {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("q");
        let (bench, _sink) = filled(&directory, Durability::Commit, 3).await;
        bench.push.stop(Duration::ZERO).await;
        let mut directory = deaths(&directory, 4).await;
        let sink = Sink::start(vec![]).await;
        let refusal = Answer::Http(503, vec![], Bytes::new());
        sink.always(Some(if is_stopped { Answer::Hang } else { refusal }));
        let bench = Bench::start(&[destination("stack", &sink, Protocol::HttpProtobuf, &directory)]);
        sink.wait_for_requests(if is_stopped { 1 } else { 2 }).await;
        bench.submit(30, 10).await.unwrap();
        if is_stopped {
            bench.push.stop(Duration::ZERO).await;
        } else {
            // Committed after what was left for the writer before.
            directory = remains(&directory, &directory);
        }
        let (books, seen, _) = revive(&deaths(&directory, 4).await).await;
        assert_eq!((books.delivered, books.dropped), (40, vec![]), "{is_stopped}");
        assert_eq!(seen, (0..40).collect::<Vec<i64>>());
        bench.push.stop(Duration::ZERO).await;
    }
}

/// What is in flight is noted while it is, and no longer.
#[tokio::test]
async fn the_marker_says_what_is_in_flight() {
    let home = tempfile::tempdir().unwrap();
    let directory = home.path().join("q");
    let (bench, sink) = filled(&directory, Durability::Commit, 1).await;
    sink.wait_for_requests(1).await;
    let copy = remains(&directory, home.path());
    assert_eq!(Marker::open(&copy.join("stack.in-flight")).unwrap().1[0], Some((1, 1)));
    bench.push.stop(Duration::ZERO).await;
    assert_eq!(Marker::open(&directory.join("stack.in-flight")).unwrap().1, [None; 3]);
}

/// F9, P6: when the file cannot grow, new data is refused and draining goes on; then it takes up by itself.
#[tokio::test]
async fn a_full_disk_refuses_drains_and_resumes() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    sink.always(Some(Answer::Http(503, vec![], Bytes::new())));
    let mut config = destination("stack", &sink, Protocol::HttpProtobuf, &home.path().join("q"));
    config.queue.bytes_max = 4 * 1024 * 1024;
    let bench = Bench::start(&[config]);
    // Bodies that do not compress and fill a page and a bit: the file is full long before their sum is.
    let mut state = 1_u64;
    let mut noise = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) as u8
    };
    let mut submitted = 0;
    let refusal = loop {
        // An unknown field that every reader passes over.
        let noise: Vec<u8> = (0..4200).map(|_| noise()).collect();
        let body = [&points(submitted, 1)[..], &[0xfa, 0x3f, 0xe8, 0x20], &noise].concat();
        match bench.push.submit(Signal::Metrics, body.into(), 1).await {
            Ok(()) => submitted += 1,
            Err(error) => break error,
        }
        assert!(submitted < 2000);
    };
    assert!(matches!(refusal, SubmitError::Disk { .. }), "{refusal} after {submitted}");
    let failed = bench.accounting.parts.errors();
    assert_eq!((&*failed[0].part, &*failed[0].message), ("queue stack", "database or disk is full"));
    check(&bench.metrics("stack"));
    sink.always(None);
    let books = bench.drained("stack").await;
    assert_eq!(books.delivered, submitted as u64);
    bench.submit(5000, 10).await.unwrap();
    assert_eq!(bench.accounting.parts.errors(), []);
    bench.drained("stack").await;
    bench.push.stop(STOP).await;
}

/// The folder's rules hold for the whole layer: exit code 3 is asked for, and nothing runs.
#[tokio::test]
async fn refused_directories() {
    let home = tempfile::tempdir().unwrap();
    let sink = Sink::start(vec![]).await;
    let config = destination("stack", &sink, Protocol::Grpc, &home.path().join("q"));
    let bench = Bench::start(std::slice::from_ref(&config));
    let Err(error) = Bench::try_start(&[config]) else { panic!("the file is locked") };
    assert!(error.is_queue_refusal() && error.to_string().contains("another process"), "{error}");
    bench.push.stop(STOP).await;
    let names: Vec<String> = std::fs::read_dir(home.path().join("q"))
        .unwrap()
        .map(|file| {
            let file = file.unwrap();
            let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
            format!("{:?} {:o}", file.file_name(), mode & 0o777)
        })
        .collect();
    assert!(names.iter().all(|name| name.ends_with(" 600")), "{names:?}");
}
