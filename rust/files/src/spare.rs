//! Things that threads use one at a time, and as many as there are threads.

use std::sync::{Mutex, PoisonError};

/// Keeps what no thread uses now.
#[derive(Debug)]
pub struct Spare<T>(Mutex<Vec<T>>);

impl<T> Spare<T> {
    pub fn new() -> Self {
        Self(Mutex::new(Vec::new()))
    }

    /// Lends one that is not in use, or a new one.
    pub fn lend<R>(&self, new: impl FnOnce() -> T, work: impl FnOnce(&mut T) -> R) -> R {
        let found = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut lent = found.unwrap_or_else(new);
        let result = work(&mut lent);
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(lent);
        result
    }

    /// All of them.
    pub fn all(&mut self) -> &mut Vec<T> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner)
    }
}
