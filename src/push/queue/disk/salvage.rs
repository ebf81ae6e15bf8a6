//! A queue file that cannot be used is set aside under another name, and what can still be read of it is carried over.

use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use crate::model::signal::Signal;
use crate::push::queue::disk::{body, file};

/// Moves the file and its side files away; tells where to.
pub(crate) fn set_aside(path: &Path, unix_s: u64) -> PathBuf {
    let renamed = |number: u32| {
        let mut name = path.as_os_str().to_owned();
        name.push(format!(".corrupt-{unix_s}"));
        if number > 0 {
            name.push(format!("-{number}"));
        }
        PathBuf::from(name)
    };
    let aside = (0..100).map(renamed).find(|aside| !aside.exists()).unwrap_or_else(|| renamed(0));
    for suffix in ["", "-wal", "-shm"] {
        let with = |base: &Path| {
            let mut name = base.as_os_str().to_owned();
            name.push(suffix);
            PathBuf::from(name)
        };
        if let Err(error) = std::fs::rename(with(path), with(&aside))
            && error.kind() != std::io::ErrorKind::NotFound
        {
            tracing::error!(queue.file = %with(path).display(), %error, "queue file cannot be set aside");
        }
    }
    aside
}

/// Copies the readable records of `aside` into `fresh`; tells the items of those that are damaged, where they can be counted.
pub(crate) fn salvage(aside: &Path, fresh: &Connection) -> Vec<(Signal, &'static str, u64)> {
    let Ok(old) =
        Connection::open_with_flags(aside, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)
    else {
        return Vec::new();
    };
    // With a writable schema SQLite also reads a file that is shorter than its header says.
    let _ =
        old.execute_batch("PRAGMA writable_schema = ON; PRAGMA locking_mode = EXCLUSIVE; PRAGMA cell_size_check = ON;");
    let mut lost = Vec::new();
    for signal in Signal::ALL {
        let mut items_lost = 0;
        // Forwards up to the first unreadable page, then backwards down to it.
        let reached = copy(&old, fresh, signal, Direction::Forwards, 0, &mut items_lost);
        if let Err(reached) = reached {
            let _ = copy(&old, fresh, signal, Direction::Backwards, reached, &mut items_lost);
        }
        if items_lost > 0 {
            lost.push((signal, "corrupt", items_lost));
        }
    }
    lost
}

#[derive(Clone, Copy)]
enum Direction {
    Forwards,
    Backwards,
}

/// Copies records with ids after `after`; tells the last id that it reached when it had to stop.
fn copy(
    old: &Connection,
    fresh: &Connection,
    signal: Signal,
    direction: Direction,
    after: i64,
    items_lost: &mut u64,
) -> Result<(), i64> {
    let order = match direction {
        Direction::Forwards => "ASC",
        Direction::Backwards => "DESC",
    };
    let sql = format!(
        "SELECT id, items, crc, received_at, attempts, codec, body FROM {} WHERE id > ?1 ORDER BY id {order}",
        signal.as_str()
    );
    let mut reached = after;
    let Ok(transaction) = fresh.unchecked_transaction() else { return Err(reached) };
    let mut statement = old.prepare(&sql).map_err(|_| reached)?;
    let mut rows = statement.query([after]).map_err(|_| reached)?;
    let outcome = loop {
        let row = match rows.next() {
            Ok(Some(row)) => row,
            Ok(None) => break Ok(()),
            Err(_) => break Err(reached),
        };
        let Ok(id) = row.get::<_, i64>(0) else { continue };
        reached = id;
        let items = row.get::<_, i64>(1).unwrap_or(0).max(0);
        let whole = (|| {
            let (crc, codec) = (row.get::<_, u32>(2).ok()?, row.get::<_, u8>(5).ok()?);
            let stored = row.get_ref(6).ok()?.as_blob().ok()?;
            body::unpack(items as u64, codec, crc, stored)?;
            let values = params![id, items, crc, row.get::<_, i64>(3).unwrap_or(0), 0, codec, stored];
            fresh.prepare_cached(file::insert_sql(signal)).ok()?.execute(values).ok()
        })();
        if whole.is_none() {
            // A damaged count is no count: what nobody could have sent in one request is left out.
            *items_lost += u64::try_from(items).ok().filter(|items| *items <= 10_000_000).unwrap_or(0);
        }
    };
    let _ = transaction.commit();
    outcome
}
