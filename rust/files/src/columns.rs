//! Columns of codes.

pub use humorrank_core::names::NULL_CODE;

/// One column of codes for each column asked for, all of one length.
pub type Columns = Vec<Vec<u32>>;
