//! Thin Python bindings of `humorrank-core` and `humorrank-files`: conversions, the GIL, progress
//! and Ctrl-C, but no arithmetic. The interface is documented in `python/humorrank/_core.pyi`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

mod arrow;
mod checksum;
mod csv;
#[cfg(unix)]
mod deadline;
mod elo;
mod files;
mod fit_data;
mod groups;
mod names;
mod schedule;
mod tables;
mod tally;
mod work;

use pyo3::pymodule;

/// The compiled module of humorrank.
#[pymodule]
mod _core {
    use humorrank_core::{
        Outcome, bradley_terry,
        graph::Standing,
        groups::{State, Status},
        names, schedule,
    };
    use humorrank_files::check;
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::checksum::Checksum;
    #[pymodule_export]
    use super::csv::{CsvError, CsvReader, StringColumn, Unpacked};
    #[cfg(unix)]
    #[pymodule_export]
    use super::deadline::{add_unfinished, end_after_signals, remove_unfinished};
    #[pymodule_export]
    use super::elo::Elo;
    #[pymodule_export]
    use super::files::{
        CheckedRows, CodeReader, UnusualError, check_codes, known_codes, names_from, row_codes,
    };
    #[pymodule_export]
    use super::fit_data::{Clusters, FitData, replicates_needed};
    #[pymodule_export]
    use super::groups::Groups;
    #[pymodule_export]
    use super::names::Interner;
    #[pymodule_export]
    use super::schedule::Scheduler;
    #[pymodule_export]
    use super::tables::{ArrowBatch, DamagedError, TableBatches, TableFile, check_arrow};
    #[pymodule_export]
    use super::tally::Tally;

    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");
    #[pymodule_export]
    const POINTS: f64 = humorrank_core::POINTS;
    #[pymodule_export]
    const MEAN_RATING: f64 = humorrank_core::MEAN_RATING;
    #[pymodule_export]
    const TOLERANCE: f64 = bradley_terry::TOLERANCE;
    #[pymodule_export]
    const ELO_START: f64 = humorrank_core::elo::START;
    #[pymodule_export]
    const NULL_CODE: u32 = names::NULL_CODE;
    #[pymodule_export]
    const OUTCOMES: (&str, &str, &str, &str, &str) = {
        let [first, second, tie, both_bad, soft] = Outcome::NAMES;
        (first, second, tie, both_bad, soft)
    };
    #[pymodule_export]
    const OUTCOME_SHARES: (f64, f64, f64, f64, f64) = {
        let [first, second, tie, both_bad, soft] = Outcome::SHARES;
        (first, second, tie, both_bad, soft)
    };
    #[pymodule_export]
    const FIRST: u8 = Outcome::First as u8;
    #[pymodule_export]
    const SECOND: u8 = Outcome::Second as u8;
    #[pymodule_export]
    const TIE: u8 = Outcome::Tie as u8;
    #[pymodule_export]
    const BOTH_BAD: u8 = Outcome::BothBad as u8;
    #[pymodule_export]
    const SOFT: u8 = Outcome::Soft as u8;
    #[pymodule_export]
    const UNJUDGED: u8 = check::UNJUDGED;
    #[pymodule_export]
    const BAD: u8 = check::BAD;
    #[pymodule_export]
    const NO_COUNT: u64 = check::NO_COUNT;
    #[pymodule_export]
    const SEEN_JUDGED: u8 = check::SEEN_JUDGED;
    #[pymodule_export]
    const SEEN_UNJUDGED: u8 = check::SEEN_UNJUDGED;
    #[pymodule_export]
    const SEEN_VOID: u8 = check::SEEN_VOID;
    #[pymodule_export]
    const STATUS_RATED: u8 = Status::Rated as u8;
    #[pymodule_export]
    const STATUS_NO_MATCHES: u8 = Status::NoMatches as u8;
    #[pymodule_export]
    const STATUS_NO_MAXIMUM: u8 = Status::NoMaximum as u8;
    #[pymodule_export]
    const STATUS_NOT_CONVERGED: u8 = Status::NotConverged as u8;
    #[pymodule_export]
    const STATUS_NO_ANCHOR: u8 = Status::NoAnchor as u8;
    #[pymodule_export]
    const STATE_RATED: u8 = State::Rated as u8;
    #[pymodule_export]
    const STATE_UNRATED: u8 = State::Unrated as u8;
    #[pymodule_export]
    const STATE_OUTSIDE: u8 = State::Outside as u8;
    #[pymodule_export]
    const STATE_FEW_MATCHES: u8 = State::FewMatches as u8;
    #[pymodule_export]
    const STANDINGS: (&str, &str, &str, &str, &str) = {
        let [inside, above, below, unordered, no_largest] = Standing::NAMES;
        (inside, above, below, unordered, no_largest)
    };
    #[pymodule_export]
    const SCHEDULE_VERSION: u32 = schedule::VERSION;
    #[pymodule_export]
    const MOST_INFORMED: u32 = schedule::MOST_INFORMED;
    #[pymodule_export]
    const MOST_COMPARISONS: u64 = schedule::MOST_COMPARISONS;

    /// Looks up the functions of `NumPy` when the module is imported. The look-up runs Python code,
    /// and an interruption of it when the first array is created would cause a panic.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.py().import("numpy")?;
        numpy::npyffi::is_numpy_2(module.py());
        numpy::PyArray1::<f64>::zeros(module.py(), 0, false);
        super::work::note_process();
        super::work::note_panics();
        Ok(())
    }
}
