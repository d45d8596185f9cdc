//! Reusable objects, each used by one thread at a time and at most as many as threads.

use std::sync::{Mutex, PoisonError};

/// A pool of the objects that no thread is using.
#[derive(Debug)]
pub struct Spare<T>(Mutex<Vec<T>>);

impl<T> Spare<T> {
    pub fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Calls `work` with an unused object, or with a new one if there is none.
    pub fn lend<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut lent = found.unwrap_or_else(new);
        let result = work(&mut lent);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(lent);
        result
    }

    /// All objects of the pool.
    pub fn all(&mut self) -> &mut Vec<T> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
