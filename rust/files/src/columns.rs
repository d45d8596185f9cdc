//! Columns of codes.

pub use humorrank_core::names::NULL_CODE;

/// One column of codes for each requested column, all of equal length.
pub type Columns = Vec<Vec<u32>>;
