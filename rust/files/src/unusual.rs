//! What the fast readers leave to the strict ones.

/// What a fast reader does not read: something broken, or something rare.
///
/// It says so before it hands over any of the rows concerned, so that a strict reader can
/// go on from the rows that were handed over.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Unusual(String);

impl Unusual {
    pub(crate) fn new(reason: impl Into<String>) -> Self {
        Self(reason.into())
    }
}
