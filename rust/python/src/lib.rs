//! Thin Python bindings of `humorrank-core`: conversions, the GIL, progress and Ctrl-C;
//! no arithmetic. The contract is `python/humorrank/_core.pyi`.

#![allow(
    clippy::needless_pass_by_value,
    reason = "PyO3 hands arguments over by value"
)]

mod arrow;
mod csv;
#[cfg(unix)]
mod deadline;
mod field;
mod files;
mod groups;
mod names;
mod schedule;
mod tally;
mod work;

use pyo3::pymodule;

/// The compiled part of humorrank.
#[pymodule]
mod _core {
    use pyo3::prelude::*;

    #[pymodule_export]
    use super::csv::{CsvError, CsvReader, StringColumn};
    #[cfg(unix)]
    #[pymodule_export]
    use super::deadline::{add_unfinished, end_after_signals, remove_unfinished};
    #[pymodule_export]
    use super::field::{Clusters, Elo, Field, replicates_needed};
    #[pymodule_export]
    use super::files::{
        CodeReader, Judged, UnusualError, judge_codes, known_codes, names_from, row_codes,
    };
    #[pymodule_export]
    use super::groups::Groups;
    #[pymodule_export]
    use super::names::Interner;
    #[pymodule_export]
    use super::schedule::Scheduler;
    #[pymodule_export]
    use super::tally::Tally;

    #[pymodule_export]
    const NULL_CODE: u32 = super::names::NULL_CODE;
    #[pymodule_export]
    const MOST_INFORMED: u32 = humorrank_core::schedule::MOST_INFORMED;
    #[pymodule_export]
    const SCHEDULE_VERSION: u32 = humorrank_core::schedule::VERSION;
    #[pymodule_export]
    const VERSION: &str = env!("CARGO_PKG_VERSION");

    /// Looks up the functions of `NumPy`, which runs some Python: at the first array Ctrl-C in
    /// between would be a panic.
    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        module.py().import("numpy")?;
        numpy::npyffi::is_numpy_2(module.py());
        super::work::note_process();
        Ok(())
    }
}
