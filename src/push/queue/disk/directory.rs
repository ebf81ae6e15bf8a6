//! The folder of the queue files: who may own it, and that nobody else uses the same file.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use rustix::fs::{Access, FlockOperation};

use crate::push::PushError;

const STEM_BYTES_MAX: usize = 100;

/// The files of one queue; the lock lasts as long as `lock` is open.
#[derive(Debug)]
pub(crate) struct Place {
    /// The database.
    pub(crate) database: PathBuf,
    /// What is in flight, see `marker`.
    pub(crate) marker: PathBuf,
    /// The held lock.
    pub(crate) lock: File,
}

/// The paths of one queue's files.
#[derive(Debug)]
struct Paths {
    database: PathBuf,
    lock: PathBuf,
    marker: PathBuf,
}

/// Makes the folder if need be, checks it, and locks the files of the destination `name` in it.
pub(crate) fn claim(directory: &Path, name: &str) -> Result<Place, PushError> {
    let refused = |reason: String| PushError::QueueRefused { directory: directory.to_path_buf(), reason };
    prepare(directory).map_err(|error| refused(error.to_string()))?;
    let Paths { database, lock, marker } = inspect(directory, name).map_err(refused)?;
    let lock = open_private(&lock).map_err(|error| refused(error.to_string()))?;
    rustix::fs::flock(&lock, FlockOperation::NonBlockingLockExclusive)
        .map_err(|_| refused(format!("another process uses the queue of `{name}`")))?;
    Ok(Place { database, marker, lock })
}

/// What `claim` would refuse, without making, opening or locking anything: whoever uses the queue now is not disturbed, and
/// that it is used is no fault.
pub(crate) fn examine(directory: &Path, name: &str) -> Result<(), PushError> {
    let refused = |reason: String| PushError::QueueRefused { directory: directory.to_path_buf(), reason };
    if std::fs::symlink_metadata(directory).is_err() {
        return can_be_made(directory).map_err(refused);
    }
    let Paths { database, lock, marker } = inspect(directory, name).map_err(refused)?;
    let writable = |path: &Path, how: Access| {
        rustix::fs::access(path, how)
            .map_err(|error| refused(format!("{} cannot be written to: {error}", path.display())))
    };
    writable(directory, Access::WRITE_OK | Access::EXEC_OK)?;
    let there = [database, lock, marker].into_iter().filter(|path| path.exists());
    there.into_iter().try_for_each(|path| writable(&path, Access::READ_OK | Access::WRITE_OK))
}

/// # Errors
/// Why the folder cannot be made: the nearest one above it that is there decides.
fn can_be_made(directory: &Path) -> Result<(), String> {
    let above =
        directory.ancestors().skip(1).map(|path| if path.as_os_str().is_empty() { Path::new(".") } else { path });
    let Some(parent) = above.into_iter().find(|path| std::fs::symlink_metadata(path).is_ok()) else { return Ok(()) };
    if !parent.is_dir() {
        return Err(format!("it cannot be made: {} is not a directory", parent.display()));
    }
    rustix::fs::access(parent, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|error| format!("it cannot be made in {}: {error}", parent.display()))
}

/// # Errors
/// Why the folder, or what stands in it in the place of the destination's files, may not be used.
fn inspect(directory: &Path, name: &str) -> Result<Paths, String> {
    let facts = std::fs::symlink_metadata(directory).map_err(|error| error.to_string())?;
    if facts.is_symlink() {
        return Err("it is a symbolic link".to_owned());
    }
    if !facts.is_dir() {
        return Err("it is not a directory".to_owned());
    }
    if facts.uid() != rustix::process::geteuid().as_raw() {
        return Err("it belongs to another user".to_owned());
    }
    if facts.mode() & 0o002 != 0 {
        return Err("everybody may write to it".to_owned());
    }
    let stem = stem(name);
    let path = |ending: &str| directory.join(format!("{stem}.{ending}"));
    let paths = Paths { database: path("queue"), lock: path("lock"), marker: path("in-flight") };
    let is_other = |path: &&PathBuf| std::fs::symlink_metadata(path).is_ok_and(|facts| !facts.is_file());
    let other = [&paths.database, &paths.lock, &paths.marker].into_iter().find(is_other).cloned();
    other.map_or(Ok(paths), |path| Err(format!("{} is not a plain file", path.display())))
}

fn prepare(directory: &Path) -> std::io::Result<()> {
    if std::fs::symlink_metadata(directory).is_ok() {
        return Ok(());
    }
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Opens a file for reading and writing that nobody else may read, making it if need be.
pub(crate) fn open_private(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(0o600).open(path)
}

/// A file name for a destination's name: safe characters stay; where that changes anything a checksum keeps names apart.
fn stem(name: &str) -> String {
    let safe = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_' | '.');
    let kept: String =
        name.chars().map(|letter| if safe(letter) { letter } else { '_' }).take(STEM_BYTES_MAX).collect();
    if kept == name && !name.starts_with('.') && !name.is_empty() {
        return kept;
    }
    format!("{}-{:08x}", kept.trim_start_matches('.'), crc32fast::hash(name.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    fn mode(path: &Path) -> u32 {
        std::fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn makes_private_files_and_refuses_a_second_user() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("deep/data");
        let place = claim(&directory, "stack").unwrap();
        assert_eq!((mode(&directory), mode(&directory.join("stack.lock"))), (0o700, 0o600));
        let second = claim(&directory, "stack").unwrap_err();
        assert!(second.to_string().contains("another process"), "{second}");
        claim(&directory, "other").unwrap();
        drop(place);
        claim(&directory, "stack").unwrap();
    }

    #[test]
    fn refuses_links_open_folders_and_files() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("data");
        std::fs::create_dir(&directory).unwrap();
        symlink(&directory, home.path().join("link")).unwrap();
        std::fs::write(home.path().join("file"), "x").unwrap();
        assert!(claim(&home.path().join("link"), "a").unwrap_err().to_string().contains("symbolic link"));
        assert!(claim(&home.path().join("file"), "a").unwrap_err().to_string().contains("not a directory"));
        symlink("/dev/null", directory.join("a.queue")).unwrap();
        assert!(claim(&directory, "a").unwrap_err().to_string().contains("plain file"));
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(claim(&directory, "b").unwrap_err().to_string().contains("everybody"));
    }

    #[test]
    fn examining_refuses_the_same_and_touches_nothing() {
        let home = tempfile::tempdir().unwrap();
        let directory = home.path().join("deep/data");
        examine(&directory, "a").unwrap();
        assert!(!home.path().join("deep").exists(), "nothing is made");
        let place = claim(&directory, "a").unwrap();
        examine(&directory, "a").unwrap();
        assert!(claim(&directory, "a").is_err(), "the lock still holds");
        drop(place);
        claim(&directory, "a").expect("examining left no lock behind");
        symlink(&directory, home.path().join("link")).unwrap();
        std::fs::write(home.path().join("file"), "x").unwrap();
        symlink("/dev/null", directory.join("b.queue")).unwrap();
        for (path, name, reason) in [
            ("link", "a", "symbolic link"),
            ("file", "a", "not a directory"),
            ("file/data", "a", "cannot be made"),
            ("deep/data", "b", "plain file"),
        ] {
            let error = examine(&home.path().join(path), name).unwrap_err().to_string();
            assert!(error.contains(reason), "{path}: {error}");
        }
        std::fs::set_permissions(&directory, PermissionsExt::from_mode(0o777)).unwrap();
        assert!(examine(&directory, "a").unwrap_err().to_string().contains("everybody"));
    }

    #[test]
    fn names_become_distinct_plain_file_names() {
        assert_eq!(stem("stack-1.eu"), "stack-1.eu");
        let odd = ["../x", "a/b", "a_b/", "a b", "", ".", "..", "é", &"x".repeat(300)];
        let stems: std::collections::BTreeSet<String> = odd.iter().map(|name| stem(name)).collect();
        assert_eq!(stems.len(), odd.len());
        assert!(stems.iter().all(|stem| !stem.contains('/') && !stem.starts_with('.') && stem.len() < 120));
    }
}
