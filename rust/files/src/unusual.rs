//! The error by which a fast reader delegates to a strict one.

/// A form of a file that a fast reader does not support, because it is damaged or rare.
///
/// The error is returned before any of the affected rows, so a strict reader can continue after the
/// rows that have been returned.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusual(String);

impl Unusual {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
