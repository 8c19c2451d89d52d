//! `gardefou check` on generated histories of 350 and 3,500 files, as a process, beside `squawk` on the same files
//! where that is installed: `cargo bench --bench check`. Prints seconds and ratios of one run; asserts nothing.
//!
//! `SQUAWK=path` names the squawk binary; `HISTORY=folder` measures a folder of migrations of your own as well.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::print_stdout,
    reason = "a bench prints its figures and stops at the first thing that is wrong"
)]

#[path = "support/history.rs"]
mod history;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

const RUNS: usize = 7;

fn main() {
    let room = tempfile::tempdir().expect("a temporary folder");
    let small = write_history(&room.path().join("small"), 350);
    let large = write_history(&room.path().join("large"), 3500);
    let one = report("350 files", &small);
    let ten = report("3,500 files", &large);
    println!("ten times the history takes {:.1} times as long", ten.as_secs_f64() / one.as_secs_f64());
    if let Some(folder) = std::env::var_os("HISTORY") {
        report("HISTORY", Path::new(&folder));
    }
}

fn write_history(folder: &Path, files: usize) -> PathBuf {
    let migrations = folder.join("supabase/migrations");
    std::fs::create_dir_all(&migrations).expect("a folder for the history");
    for (name, text) in history::generate(files) {
        std::fs::write(migrations.join(name), text).expect("a migration file");
    }
    migrations
}

fn report(what: &str, folder: &Path) -> Duration {
    let files = sql_files(folder);
    let bytes: u64 = files.iter().filter_map(|file| file.metadata().ok()).map(|meta| meta.len()).sum();
    let megabytes = bytes as f64 / 1e6;
    let (own, peak) = best(|| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gardefou"));
        command.args(["check", "--no-config", "--format", "json"]).arg(folder);
        command
    });
    println!(
        "{what} ({megabytes:.1} MB): gardefou {:.3} s ({:.1} MB/s), peak memory {:.0} MB",
        own.as_secs_f64(),
        megabytes / own.as_secs_f64(),
        peak / 1e3
    );
    if let Some(squawk) = squawk() {
        let (theirs, _) = best(|| {
            let mut command = Command::new(&squawk);
            command.args(&files);
            command
        });
        println!(
            "{what}: squawk {:.3} s; gardefou takes {:.2} of that",
            theirs.as_secs_f64(),
            own.as_secs_f64() / theirs.as_secs_f64()
        );
    }
    own
}

fn sql_files(folder: &Path) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder of migrations")
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "sql"))
        .collect();
    files.sort();
    files
}

fn squawk() -> Option<PathBuf> {
    if let Some(path) = std::env::var_os("SQUAWK") {
        return Some(path.into());
    }
    let found = std::env::split_paths(&std::env::var_os("PATH")?)
        .map(|folder| folder.join("squawk"))
        .find(|path| path.is_file());
    if found.is_none() {
        println!("squawk is not installed: no comparison");
    }
    found
}

/// The fastest of several runs, and the highest peak memory in kB.
fn best(command: impl Fn() -> Command) -> (Duration, f64) {
    let runs = (0..RUNS).map(|_| timed(command()));
    runs.fold((Duration::MAX, 0.0), |(time, memory), (t, m)| (time.min(t), f64::max(memory, m)))
}

fn timed(mut command: Command) -> (Duration, f64) {
    let start = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("the program starts");
    let status = format!("/proc/{}/status", child.id());
    let mut peak = 0.0;
    loop {
        peak = f64::max(peak, peak_memory(&status).unwrap_or(0.0));
        match child.try_wait() {
            Ok(None) => std::thread::sleep(Duration::from_millis(1)),
            _ => return (start.elapsed(), peak),
        }
    }
}

/// `VmHWM` in kB, on Linux.
fn peak_memory(status: &str) -> Option<f64> {
    let text = std::fs::read_to_string(status).ok()?;
    text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?.trim().strip_suffix("kB")?.trim().parse().ok()
}
