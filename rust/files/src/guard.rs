//! Catching panics of code that reads data.

use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use crate::Unusual;

/// Runs code that reads a file.
///
/// # Errors
/// If the code returns an error or panics, which only damaged data can cause.
pub fn guarded<T>(work: impl FnOnce() -> Result<T, Unusual>) -> Result<T, Unusual> {
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|panic| {
        let reason = panic_message(&*panic);
        Err(Unusual::new(format!("the data is damaged ({reason})")))
    })
}

/// The message of a panic, on one line.
#[must_use]
pub fn panic_message(panic: &(dyn Any + Send)) -> String {
    let message = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    message
        .and_then(|message| message.lines().next())
        .unwrap_or("unknown")
        .to_owned()
}
