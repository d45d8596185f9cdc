//! The end of a process that is still at work some time after Ctrl-C, whatever holds the
//! interpreter and so keeps Python from looking.

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

/// What is being written, and is taken away if the process is ended.
static UNFINISHED: Mutex<BTreeSet<PathBuf>> = Mutex::new(BTreeSet::new());

/// Notes a file or folder that is about to be made.
#[pyfunction]
pub fn add_unfinished(path: PathBuf) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.insert(path);
}

/// Forgets a file or folder, which is complete, or gone.
#[pyfunction]
pub fn remove_unfinished(path: PathBuf) {
    let mut unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    unfinished.remove(&path);
}

/// Starts a thread that ends the process so many seconds after SIGINT or SIGTERM, if it has not
/// ended by then. Returns the file descriptor for `signal.set_wakeup_fd`, by which it learns of them.
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
    // Held to the end, so that nothing more is begun.
    let unfinished = UNFINISHED.lock().unwrap_or_else(PoisonError::into_inner);
    for path in unfinished.iter() {
        // What cannot be taken away cannot be told to anybody either.
        let _ = fs::remove_file(path).or_else(|_| fs::remove_dir_all(path));
    }
    let mut errors = io::stderr();
    if errors.is_terminal() {
        // A progress bar had hidden the cursor.
        let _ = errors.write_all(b"\x1b[?25h\n");
    }
    if signal == libc::SIGINT {
        let _ = errors.write_all(b"interrupted\n");
    }
    // SAFETY: it takes no pointer and does not return. `std::process::exit` would run what
    // libraries do at exit, while other threads still use them.
    unsafe { libc::_exit(128 + signal) }
}
