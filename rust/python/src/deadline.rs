//! Ends a process that is still running some time after Ctrl-C, for example because a call holds
//! the interpreter and keeps Python from handling the signal.

use std::{
    collections::BTreeSet,
    fs,
    io::{self, IsTerminal, PipeReader, Read, Write},
    os::fd::{IntoRawFd, RawFd},
    path::PathBuf,
    sync::{Mutex, PoisonError},
    thread,
    time::Duration,
};

use pyo3::prelude::*;

/// Files and folders being written, which are removed if the process is ended.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Registers a file or folder that is about to be created.
#[pyfunction]
pub fn add_unfinished(path: PathBuf) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.insert(path);
}

/// Unregisters a file or folder that is complete or has been removed.
#[pyfunction]
pub fn remove_unfinished(path: PathBuf) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.remove(&path);
}

/// Starts a thread that ends the process the given number of seconds after SIGINT or SIGTERM, if it
/// is still running then. Returns the file descriptor for `signal.set_wakeup_fd`, through which the
/// thread is notified of signals.
#[pyfunction]
pub fn end_after_signals(seconds: f64) -> PyResult<RawFd> {
    let (signals, waker) = io::pipe()?;
    let grace = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX);
    thread::Builder::new().spawn(move || watch(signals, grace))?;
    Ok(waker.into_raw_fd())
}

fn watch(mut signals: PipeReader, grace: Duration) {
    let mut number = [0];
    while signals.read_exact(&mut number).is_ok() {
        let [number] = number;
        if let libc::SIGINT | libc::SIGTERM = i32::from(number) {
            thread::sleep(grace);
            end(i32::from(number));
        }
    }
}

fn end(signal: i32) -> ! {
    // The lock is held until the end, so that no further file is started.
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in unfinished.iter() {
        // If a file cannot be removed, there is no one to report this to either.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    let mut errors = io::stderr();
    if errors.is_terminal() {
        // Shows the cursor, which a progress bar may have hidden.
        let _ = errors.write_all(b"\x1b[?25h\n");
    }
    if signal == libc::SIGINT {
        let _ = errors.write_all(b"interrupted\n");
    }
    // SAFETY: the function takes no pointer and does not return. `std::process::exit` would run the
    // exit handlers of libraries while other threads still use them.
    unsafe { libc::_exit(128 + signal) }
}
