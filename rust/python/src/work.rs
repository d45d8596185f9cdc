//! Runs long work on other threads, while the calling thread handles Ctrl-C and reports progress.

use std::{
    any::Any,
    panic::{self, AssertUnwindSafe, catch_unwind},
    process,
    sync::{Arc, Condvar, Mutex, OnceLock, PoisonError},
    thread,
    time::Duration,
};

use humorrank_core::{Error, Monitor};
use humorrank_files::panic_message;
use pyo3::{
    exceptions::{PyOverflowError, PyRuntimeError, PyValueError},
    prelude::*,
    types::PyType,
};
use rayon::{ThreadPool, ThreadPoolBuilder};

/// The interval at which the calling thread checks signals.
const TICK: Duration = Duration::from_millis(50);

/// Runs short `work` (a few milliseconds at most) on the calling thread without the GIL, because
/// starting another thread would take longer.
pub fn run_here<T: Send>(
    py: Python<'_>,
    work: impl FnOnce(&Monitor) -> Result<T, Error> + Send,
) -> PyResult<T> {
    detached(py, || on_threads_if(false, || work(&Monitor::new())))?
        .map_err(|error| python_error(py, &error))
}

/// Runs `work` on `threads` threads (all processors by default) without the GIL. Calls
/// `progress(done, total)` about every [`TICK`].
pub fn run<T: Send>(
    py: Python<'_>,
    threads: Option<usize>,
    progress: Option<&Bound<'_, PyAny>>,
    total: u64,
    work: impl FnOnce(&Monitor) -> Result<T, Error> + Send,
) -> PyResult<T> {
    if threads == Some(0) {
        return Err(PyValueError::new_err("threads must be at least 1"));
    }
    let monitor = Monitor::new();
    let finished = (Mutex::new(false), Condvar::new());
    let wait = || {
        let flag = finished.0.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = finished.1.wait_timeout_while(flag, TICK, |done| !*done);
        *waited.unwrap_or_else(PoisonError::into_inner).0
    };
    let mut stopped = Ok(());
    let result = thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let result = on_threads(threads, || work(&monitor));
            *finished.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
            finished.1.notify_one();
            result
        });
        while !worker.is_finished() && !py.detach(wait) {
            let signal = py.check_signals().and_then(|()| match progress {
                Some(progress) => progress.call1((monitor.done(), total)).map(drop),
                None => Ok(()),
            });
            if signal.is_err() && stopped.is_ok() {
                monitor.cancel();
                stopped = signal;
            }
        }
        py.detach(|| worker.join())
    });
    stopped?;
    match result {
        Ok(result) => result.map_err(|error| python_error(py, &error)),
        Err(panic) => Err(panicked(py, &*panic)),
    }
}

/// Runs `work` on the calling thread without the GIL. A panic becomes an exception.
pub fn detached<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| catch_unwind(AssertUnwindSafe(work)))
        .map_err(|panic| panicked(py, &*panic))
}

/// The place of the last panic, for the message of its exception.
static PANICKED: Mutex<Option<String>> = Mutex::new(None);

/// Keeps the place of a panic instead of printing it, because every panic becomes an exception.
/// With `RUST_BACKTRACE`, it is printed too.
pub fn note_panics() {
    let print = panic::take_hook();
    let backtrace = std::env::var_os("RUST_BACKTRACE").is_some_and(|value| value != "0");
    panic::set_hook(Box::new(move |info| {
        if backtrace {
            print(info);
        }
        let place = info.location().map(ToString::to_string);
        *PANICKED.lock().unwrap_or_else(PoisonError::into_inner) = place;
    }));
}

/// The exception for a panic, which is an error of this package.
fn panicked(py: Python<'_>, panic: &(dyn Any + Send)) -> PyErr {
    let place = PANICKED
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take();
    let message = format!(
        "internal error: {} ({}); please report it, with the input if possible",
        panic_message(panic),
        place.as_deref().unwrap_or("unknown place"),
    );
    exception(py, "HumorRankError", message)
}

/// An exception of `humorrank.errors`.
fn exception(py: Python<'_>, class: &str, message: String) -> PyErr {
    py.import("humorrank.errors")
        .and_then(|module| module.getattr(class))
        .and_then(|class| Ok(class.cast_into::<PyType>()?))
        .map_or_else(|error| error, |class| PyErr::from_type(class, message))
}

/// Runs work on the given number of threads, by default one per processor.
pub fn on_threads<T: Send>(threads: Option<usize>, work: impl FnOnce() -> T + Send) -> T {
    let pool = match threads {
        None => shared_pool(),
        Some(threads) => ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .ok()
            .map(Arc::new),
    };
    match pool {
        Some(pool) => pool.install(work),
        // The number of threads never changes the result.
        None => work(),
    }
}

/// Runs work on all threads if it has enough items for this to pay off, otherwise on the calling
/// thread.
pub fn on_threads_if_many<T: Send>(items: usize, work: impl FnOnce() -> T + Send) -> T {
    /// Passing work to another thread and back takes as long as a few thousand items.
    const MANY: usize = 1 << 15;
    on_threads_if(items >= MANY, work)
}

/// Runs work on all threads or on the calling thread. Parallel code of the engine must run inside
/// the pool. Otherwise it would use the global pool, whose threads do not exist in a forked
/// process, so the process would wait forever. A forked process therefore runs everything in the
/// pool.
pub fn on_threads_if<T: Send>(many: bool, work: impl FnOnce() -> T + Send) -> T {
    if many || note_process() != process::id() {
        on_threads(None, work)
    } else {
        work()
    }
}

/// The process that first called this function, when it loaded the module.
pub fn note_process() -> u32 {
    static LOADED: OnceLock<u32> = OnceLock::new();
    *LOADED.get_or_init(process::id)
}

/// The thread pool of this process. A forked process inherits its parent's pool without the threads
/// and would wait for them forever, so it gets its own pool.
fn shared_pool() -> Option<Arc<ThreadPool>> {
    static POOL: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);
    let mut shared = POOL.lock().unwrap_or_else(PoisonError::into_inner);
    let process = process::id();
    match &*shared {
        Some((owner, pool)) if *owner == process => Some(Arc::clone(pool)),
        _ => {
            let pool = Arc::new(ThreadPoolBuilder::new().build().ok()?);
            let inherited = shared.replace((process, Arc::clone(&pool)));
            // Dropping the inherited pool would wait for its threads, too.
            std::mem::forget(inherited);
            Some(pool)
        }
    }
}

/// Converts an error of the engine to a Python exception.
pub fn python_error(py: Python<'_>, error: &Error) -> PyErr {
    let message = error.to_string();
    match error {
        Error::NotConverged { .. } => exception(py, "ConvergenceError", message),
        Error::NotAPair => PyValueError::new_err(message),
        Error::CountOverflow | Error::TooLarge => PyOverflowError::new_err(message),
        Error::NoMaximum | Error::OutOfRange | Error::Interrupted => {
            PyRuntimeError::new_err(message)
        }
    }
}
