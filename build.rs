//! Makes the table of the dashboard's files, `ui/dist`, for `src/pull/ui/built.rs`. Node is not needed: the folder is part of the
//! sources. Without the feature `ui`, or without the folder, the table is empty, and the program has no dashboard.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const DIST: &str = "ui/dist";

fn main() -> Result<(), Box<dyn std::error::Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed={DIST}");
    let dist = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?).join(DIST);
    let mut files = Vec::new();
    if env::var_os("CARGO_FEATURE_UI").is_some() && dist.is_dir() {
        collect(&dist, &mut files)?;
    }
    files.sort();
    let mut table = String::from("&[\n");
    for file in &files {
        let name = file.strip_prefix(&dist)?.to_str().ok_or("a file's name is not UTF-8")?.replace('\\', "/");
        let path = file.to_str().ok_or("the path is not UTF-8")?;
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    table.push_str("]\n");
    fs::write(PathBuf::from(env::var("OUT_DIR")?).join("dashboard.rs"), table)?;
    Ok(())
}

fn collect(folder: &Path, files: &mut Vec<PathBuf>) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            collect(&entry.path(), files)?;
        } else {
            files.push(entry.path());
        }
    }
    Ok(())
}
