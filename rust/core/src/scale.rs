//! The scale of ratings.

/// Rating points per natural-log unit of strength: 400 / ln 10.
pub const POINTS: f64 = 400.0 / std::f64::consts::LN_10;

/// The mean rating of a field that is not anchored.
pub const MEAN_RATING: f64 = 1000.0;

/// Natural-log units of strength per rating point: ln 10 / 400.
pub(crate) const STRENGTH: f64 = std::f64::consts::LN_10 / 400.0;
