//! The command-line program: arguments in, exit code out.

use std::process::ExitCode;

/// Most of a run is small pieces of syntax trees, made and dropped.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let work = std::thread::Builder::new().stack_size(gardefou::cli::STACK).spawn(gardefou::cli::main);
    match work.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => gardefou::cli::failed("an internal error; please report it with the message above"),
        Err(error) => gardefou::cli::failed(&format!("no thread to work in: {error}; free some memory")),
    }
}
