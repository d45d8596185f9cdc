//! Progress and interruption of long computations, shared between threads.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::Error;

/// Counts finished units of work and carries the request to stop.
#[derive(Debug, Default)]
pub struct Monitor {
    done: AtomicU64,
    cancelled: AtomicBool,
}

impl Monitor {
    /// Creates a monitor with no finished units and no request to stop.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Requests that the work stop at its next check.
    pub fn cancel(&self) {
        self.cancelled.store(true, Ordering::Relaxed);
    }

    /// The number of units finished so far.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.done.load(Ordering::Relaxed)
    }

    /// Adds finished units.
    pub fn advance(&self, units: u64) {
        self.done.fetch_add(units, Ordering::Relaxed);
    }

    /// Checks whether the work has been requested to stop.
    ///
    /// # Errors
    /// [`Error::Interrupted`] once [`Monitor::cancel`] has been called.
    pub fn check(&self) -> Result<(), Error> {
        if self.cancelled.load(Ordering::Relaxed) {
            Err(Error::Interrupted)
        } else {
            Ok(())
        }
    }
}
