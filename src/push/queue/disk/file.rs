//! The database of one queue: how it is opened and what its tables are.

use std::fmt::Write;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags, params};

use crate::model::signal::Signal;
use crate::push::queue::disk::directory::open_private;
use crate::push::queue::disk::marker::InFlight;
use crate::push::queue::disk::salvage;
use crate::push::queue::ledger::{Found, RECORD_OVERHEAD_BYTES};

/// Larger pages cost more for small groups, smaller ones for large bodies; measured in `benches/queue.rs`.
const PAGE_BYTES: u64 = 8192;
/// Pages beside those of the records: the schema, the freelist, half-empty pages.
const PAGES_SPARE: u64 = 64;
/// `user_version` of the layout below; another one is set aside.
const LAYOUT: i64 = 1;
/// Deaths of the process with the same record in flight, after which the record is set aside.
const ATTEMPTS_MAX: u32 = 5;

/// A queue file that is ready for use.
#[derive(Debug)]
pub(crate) struct Opened {
    /// The only connection to it.
    pub(crate) connection: Connection,
    /// What waits in it, by signal.
    pub(crate) found: [Found; 3],
    /// Items of damaged or poisonous records: (signal, reason, items).
    pub(crate) lost: Vec<(Signal, &'static str, u64)>,
    /// Signals of which it has records that were in flight at a death.
    pub(crate) suspects: [bool; 3],
    /// Where a file that could not be used was put.
    pub(crate) set_aside: Option<PathBuf>,
}

/// Opens the file, sets it aside and starts a new one when it cannot be used, and settles who died with what in flight.
pub(crate) fn open(path: &Path, bytes_max: u64, in_flight: InFlight, unix_s: u64) -> rusqlite::Result<Opened> {
    let mut lost = Vec::new();
    let mut set_aside = None;
    let connection = match try_open(path, bytes_max) {
        Ok(connection) => connection,
        Err(reason) => {
            let aside = salvage::set_aside(path, unix_s);
            tracing::error!(queue.file = %path.display(), set_aside = %aside.display(), %reason, "queue file cannot be used");
            let connection = try_open(path, bytes_max)?;
            lost = salvage::salvage(&aside, &connection);
            set_aside = Some(aside);
            connection
        }
    };
    for (signal, range) in Signal::ALL.into_iter().zip(in_flight) {
        if let Some((first, last)) = range {
            lost.extend(remember_death(&connection, signal, first, last)?.map(|items| (signal, "poison", items)));
        }
    }
    let (mut found, mut suspects) = ([Found::default(); 3], [false; 3]);
    for (signal, (found, suspects)) in Signal::ALL.into_iter().zip(found.iter_mut().zip(&mut suspects)) {
        (*found, *suspects) = count(&connection, signal)?;
    }
    Ok(Opened { connection, found, lost, suspects, set_aside })
}

fn try_open(path: &Path, bytes_max: u64) -> rusqlite::Result<Connection> {
    // Made by us first, so that nobody else may ever read it; SQLite gives its side files the same rights.
    open_private(path).map_err(|error| {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CANTOPEN);
        rusqlite::Error::SqliteFailure(code, Some(error.to_string()))
    })?;
    let connection =
        Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    let pages_max = bytes_max / PAGE_BYTES + PAGES_SPARE;
    connection.execute_batch(&format!(
        "PRAGMA page_size = {PAGE_BYTES}; PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL;
         PRAGMA synchronous = FULL; PRAGMA wal_autocheckpoint = 256; PRAGMA journal_size_limit = 4194304;
         PRAGMA temp_store = MEMORY; PRAGMA cache_size = -2048; PRAGMA max_page_count = {pages_max};"
    ))?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    let version: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0))?;
    let tables: i64 = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if verdict != "ok" || (version != LAYOUT && (version != 0 || tables != 0)) {
        let code = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_CORRUPT);
        let text = if verdict == "ok" { format!("layout {version} is not known") } else { verdict };
        return Err(rusqlite::Error::SqliteFailure(code, Some(text)));
    }
    connection.execute_batch(&layout())?;
    for signal in Signal::ALL {
        connection.prepare_cached(insert_sql(signal))?;
    }
    connection.set_prepared_statement_cache_capacity(32);
    Ok(connection)
}

fn layout() -> String {
    let mut sql = format!("BEGIN; PRAGMA user_version = {LAYOUT};");
    for signal in Signal::ALL {
        let table = signal.as_str();
        let _ = write!(
            sql,
            "CREATE TABLE IF NOT EXISTS {table} (id INTEGER PRIMARY KEY, items INTEGER NOT NULL, crc INTEGER NOT NULL,
             received_at INTEGER NOT NULL, attempts INTEGER NOT NULL, codec INTEGER NOT NULL, body BLOB NOT NULL);"
        );
    }
    sql.push_str(
        "CREATE TABLE IF NOT EXISTS dead (signal TEXT NOT NULL, id INTEGER NOT NULL, items INTEGER NOT NULL,
         crc INTEGER NOT NULL, received_at INTEGER NOT NULL, codec INTEGER NOT NULL, body BLOB NOT NULL); COMMIT;",
    );
    sql
}

/// The statement that stores a record.
pub(crate) const fn insert_sql(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => {
            "INSERT INTO metrics (id, items, crc, received_at, attempts, codec, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
        Signal::Traces => {
            "INSERT INTO traces (id, items, crc, received_at, attempts, codec, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
        Signal::Logs => {
            "INSERT INTO logs (id, items, crc, received_at, attempts, codec, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)"
        }
    }
}

/// The statement that takes a range of records out.
pub(crate) const fn delete_sql(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => "DELETE FROM metrics WHERE id BETWEEN ?1 AND ?2",
        Signal::Traces => "DELETE FROM traces WHERE id BETWEEN ?1 AND ?2",
        Signal::Logs => "DELETE FROM logs WHERE id BETWEEN ?1 AND ?2",
    }
}

/// The statement that reads records between two ids, both exclusive.
pub(crate) const fn load_sql(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => {
            "SELECT id, items, crc, received_at, attempts, codec, body FROM metrics WHERE id > ?1 AND id < ?2 ORDER BY id"
        }
        Signal::Traces => {
            "SELECT id, items, crc, received_at, attempts, codec, body FROM traces WHERE id > ?1 AND id < ?2 ORDER BY id"
        }
        Signal::Logs => {
            "SELECT id, items, crc, received_at, attempts, codec, body FROM logs WHERE id > ?1 AND id < ?2 ORDER BY id"
        }
    }
}

/// The statement that forgets the deaths of the records in a range.
pub(crate) const fn forgive_sql(signal: Signal) -> &'static str {
    match signal {
        Signal::Metrics => "UPDATE metrics SET attempts = 0 WHERE attempts > 0 AND id BETWEEN ?1 AND ?2",
        Signal::Traces => "UPDATE traces SET attempts = 0 WHERE attempts > 0 AND id BETWEEN ?1 AND ?2",
        Signal::Logs => "UPDATE logs SET attempts = 0 WHERE attempts > 0 AND id BETWEEN ?1 AND ?2",
    }
}

/// What waits of a signal, and whether the process died with any of it in flight.
fn count(connection: &Connection, signal: Signal) -> rusqlite::Result<(Found, bool)> {
    let table = signal.as_str();
    let sql = format!(
        "SELECT count(*), coalesce(sum(items), 0), coalesce(sum(length(body)), 0), coalesce(max(id), 0),
         coalesce(max(attempts), 0) FROM {table}"
    );
    connection.query_row(&sql, [], |row| {
        let records = row.get::<_, i64>(0)?.max(0) as u64;
        let bodies = row.get::<_, i64>(2)?.max(0) as u64;
        let found = Found {
            records,
            items: row.get::<_, i64>(1)?.max(0) as u64,
            size_bytes: bodies + records * RECORD_OVERHEAD_BYTES,
            last_id: row.get(3)?,
        };
        Ok((found, row.get::<_, i64>(4)? > 0))
    })
}

/// Notes that the process died with these in flight, and sets those aside that were it too often; tells their items.
fn remember_death(connection: &Connection, signal: Signal, first: i64, last: i64) -> rusqlite::Result<Option<u64>> {
    let table = signal.as_str();
    let both = params![first, last];
    connection.execute(&format!("UPDATE {table} SET attempts = attempts + 1 WHERE id BETWEEN ?1 AND ?2"), both)?;
    let poisonous = format!("FROM {table} WHERE id BETWEEN ?1 AND ?2 AND attempts >= {ATTEMPTS_MAX}");
    let items: i64 =
        connection.query_row(&format!("SELECT coalesce(sum(items), 0) {poisonous}"), both, |row| row.get(0))?;
    let transaction = connection.unchecked_transaction()?;
    let moved = connection.execute(
        &format!("INSERT INTO dead SELECT '{table}', id, items, crc, received_at, codec, body {poisonous}"),
        both,
    )?;
    connection.execute(&format!("DELETE {poisonous}"), both)?;
    transaction.commit()?;
    Ok((moved > 0).then_some(items.max(0) as u64))
}
