//! Counts and ratings of matches by group.

use std::sync::Arc;

use humorrank_core::{
    self as core, Cell, Error, Ties,
    groups::{self, Rating, Rows},
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::{
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::PyDict,
};

use crate::{
    fit_data::settings,
    tally::{Cells, Tally, cell_columns},
    work::{self, detached, on_threads, on_threads_if_many},
};

/// Exact counts of matches by group, ordered pair and outcome.
#[pyclass(module = "humorrank._core")]
#[derive(Clone)]
pub struct Groups {
    inner: Arc<core::Groups>,
}

type Codes<'py> = Bound<'py, PyArray1<u32>>;
type GroupCells<'py> = (Codes<'py>, Cells<'py>);
type Missing = (u32, u32, u32, u8, f64, f64, u64, u64);

impl Groups {
    fn owned(inner: core::Groups) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }

    fn settled(&mut self, py: Python<'_>) -> PyResult<&core::Groups> {
        let inner = Arc::make_mut(&mut self.inner);
        work::run(py, None, None, 0, |monitor| inner.settle(monitor))?;
        Ok(&self.inner)
    }
}

#[pymethods]
impl Groups {
    #[new]
    fn new(keys: usize) -> Self {
        Self::owned(core::Groups::new(keys))
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }

    #[getter]
    fn contestants(&self) -> usize {
        self.inner.contestants()
    }

    #[getter]
    fn matches(&self, py: Python<'_>) -> PyResult<u64> {
        let matches = detached(py, || on_threads(None, || self.inner.matches()))?;
        matches.map_err(|error| work::python_error(py, &error))
    }

    #[getter]
    fn keys<'py>(&self, py: Python<'py>) -> Vec<Codes<'py>> {
        let columns = self.inner.keys().iter();
        columns
            .map(|codes| codes.clone().into_pyarray(py))
            .collect()
    }

    fn grow(&mut self, contestants: usize) {
        Arc::make_mut(&mut self.inner).grow(contestants);
    }

    #[allow(clippy::too_many_arguments, reason = "one column each")]
    #[pyo3(signature = (keys, first, second, outcome, score=None, weight=None, count=None))]
    fn add(
        &mut self,
        py: Python<'_>,
        keys: Vec<PyReadonlyArray1<'_, u32>>,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        outcome: PyReadonlyArray1<'_, u8>,
        score: Option<PyReadonlyArray1<'_, f64>>,
        weight: Option<PyReadonlyArray1<'_, f64>>,
        count: Option<PyReadonlyArray1<'_, u64>>,
    ) -> PyResult<()> {
        let rows = first.len();
        let lengths = [
            Some(second.len()),
            Some(outcome.len()),
            score.as_ref().map(|column| column.len()),
            weight.as_ref().map(|column| column.len()),
            count.as_ref().map(|column| column.len()),
        ];
        let uneven = lengths.into_iter().flatten().any(|length| length != rows);
        if uneven || keys.iter().any(|codes| codes.len() != rows) {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        if keys.len() != self.inner.keys().len() {
            return Err(PyValueError::new_err(
                "keys must have one column per key of the groups",
            ));
        }
        let keys: Vec<&[u32]> = keys
            .iter()
            .map(|codes| codes.as_slice())
            .collect::<Result<_, _>>()?;
        let rows = Rows {
            keys: &keys,
            first: first.as_slice()?,
            second: second.as_slice()?,
            outcome: outcome.as_slice()?,
            score: score.as_ref().map(|column| column.as_slice()).transpose()?,
            weight: weight
                .as_ref()
                .map(|column| column.as_slice())
                .transpose()?,
            count: count.as_ref().map(|column| column.as_slice()).transpose()?,
        };
        let inner = Arc::make_mut(&mut self.inner);
        let added = work::run(py, None, None, 0, |monitor| {
            match inner.add(&rows, monitor) {
                Err(Error::OutOfRange) => Ok(false),
                added => added.map(|()| true),
            }
        })?;
        if added {
            return Ok(());
        }
        let message = "a row has a code, outcome, score or weight that is out of range";
        Err(PyValueError::new_err(message))
    }

    fn played<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let played = detached(py, || on_threads(None, || self.inner.played()))?;
        Ok(played.into_pyarray(py))
    }

    fn used<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyArray1<bool>>> {
        let used = detached(py, || on_threads(None, || self.inner.used()))?;
        Ok(used.into_pyarray(py))
    }

    #[pyo3(signature = (contestants, field, keys, *, consume=false))]
    fn arrange(
        &mut self,
        py: Python<'_>,
        contestants: Option<PyReadonlyArray1<'_, u32>>,
        field: usize,
        keys: Vec<(usize, PyReadonlyArray1<'_, u32>)>,
        consume: bool,
    ) -> PyResult<Self> {
        let contestants = match &contestants {
            Some(codes) if codes.len() != self.inner.contestants() => {
                return Err(PyValueError::new_err(
                    "codes must have one value per contestant",
                ));
            }
            codes => codes.as_ref().map(|codes| codes.as_slice()).transpose()?,
        };
        let keys: Vec<(usize, &[u32])> = keys
            .iter()
            .map(|(key, codes)| Ok((*key, codes.as_slice()?)))
            .collect::<PyResult<_>>()?;
        let own = self.inner.keys();
        let bad = |(key, codes): &(usize, &[u32])| match own.get(*key) {
            Some(column) => column
                .iter()
                .any(|&code| code != groups::NO_KEY && code as usize >= codes.len()),
            None => true,
        };
        if keys.iter().any(bad) {
            return Err(PyValueError::new_err(
                "a key has a code that is out of range",
            ));
        }
        let inner = if consume {
            std::mem::replace(&mut self.inner, Arc::new(core::Groups::new(0)))
        } else {
            Arc::clone(&self.inner)
        };
        // An object without other references is moved instead of copied.
        let inner = Arc::unwrap_or_clone(inner);
        work::run(py, None, None, 0, |monitor| {
            inner.arrange(contestants, field, &keys, monitor)
        })
        .map(Self::owned)
    }

    fn merge(&mut self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let inner = Arc::make_mut(&mut self.inner);
        work::run(py, None, None, 0, |monitor| {
            inner.merge(&other.inner, monitor)
        })
    }

    fn subtract(&mut self, py: Python<'_>, other: &mut Self) -> PyResult<Option<Missing>> {
        other.settled(py)?;
        self.settled(py)?;
        let inner = Arc::make_mut(&mut self.inner);
        let missing = work::run(py, None, None, 0, |monitor| {
            inner.subtract(&other.inner, monitor)
        })?;
        Ok(missing.map(|missing| {
            let cell = missing.cell;
            let outcome = cell.outcome as u8;
            let (score, weight) = (cell.score, cell.weight);
            let (group, held) = (missing.group, missing.held);
            let (first, second) = (cell.first, cell.second);
            (
                group, first, second, outcome, score, weight, cell.count, held,
            )
        }))
    }

    fn total(&self, py: Python<'_>) -> PyResult<Tally> {
        work::run(py, None, None, 0, |_| self.inner.total()).map(Tally::owned)
    }

    fn group<'py>(&mut self, py: Python<'py>, group: usize) -> PyResult<(Codes<'py>, Tally)> {
        let inner = self.settled(py)?;
        if group >= inner.len() {
            return Err(PyIndexError::new_err("the group index is out of range"));
        }
        let (contestants, tally) = detached(py, || {
            on_threads_if_many(inner.contestants(), || inner.group(group))
        })?
        .map_err(|error| work::python_error(py, &error))?;
        Ok((contestants.into_pyarray(py), Tally::owned(tally)))
    }

    fn cells<'py>(&mut self, py: Python<'py>) -> PyResult<GroupCells<'py>> {
        let inner = self.settled(py)?;
        let (group, cells): (Vec<u32>, Vec<Cell>) = detached(py, || {
            (0..inner.len())
                .flat_map(|group| inner.cells(group).map(move |cell| (group as u32, cell)))
                .unzip()
        })?;
        Ok((group.into_pyarray(py), cell_columns(py, &cells)))
    }

    fn cell_count(&mut self, py: Python<'_>) -> PyResult<usize> {
        Ok(self.settled(py)?.cell_count())
    }

    fn __eq__(&mut self, py: Python<'_>, other: &mut Self) -> PyResult<bool> {
        other.settled(py)?;
        self.settled(py)?;
        detached(py, || self.inner == other.inner)
    }

    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    #[pyo3(signature = (
        *, exclude_ties, min_matches, largest, anchor, prior, solver, bootstrap, confidence,
        shuffles, k, seed, threads=None, progress=None
    ))]
    fn rate<'py>(
        &mut self,
        py: Python<'py>,
        exclude_ties: bool,
        min_matches: u64,
        largest: bool,
        anchor: Option<(u32, f64)>,
        prior: f64,
        solver: &str,
        bootstrap: usize,
        confidence: f64,
        shuffles: usize,
        k: f64,
        seed: u64,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyDict>> {
        let rating = Rating {
            ties: if exclude_ties {
                Ties::Exclude
            } else {
                Ties::Half
            },
            min_matches,
            largest,
            anchor,
            settings: settings(prior, solver)?,
            replicates: bootstrap,
            confidence,
            shuffles,
            k,
            seed,
        };
        let inner = self.settled(py)?;
        let matches = detached(py, || on_threads(None, || inner.matches()))?
            .map_err(|error| work::python_error(py, &error))?;
        let draws = (inner.len() as u64).saturating_mul(1 + bootstrap as u64);
        let total = draws.saturating_add(matches.saturating_mul(shuffles as u64));
        let boards = work::run(py, threads, progress, total, |monitor| {
            groups::rate(inner, &rating, monitor)
        })?;
        let out = PyDict::new(py);
        out.set_item("lengths", boards.lengths.into_pyarray(py))?;
        out.set_item("rated", boards.rated.into_pyarray(py))?;
        out.set_item("status", boards.status.into_pyarray(py))?;
        out.set_item("rated_matches", boards.matches.into_pyarray(py))?;
        out.set_item("counted", boards.counted.into_pyarray(py))?;
        out.set_item("distance", boards.distance.into_pyarray(py))?;
        out.set_item("iterations", boards.iterations.into_pyarray(py))?;
        out.set_item("without_maximum", boards.without_maximum.into_pyarray(py))?;
        out.set_item("contestant", boards.contestant.into_pyarray(py))?;
        out.set_item("state", boards.state.into_pyarray(py))?;
        out.set_item("rating", boards.rating.into_pyarray(py))?;
        out.set_item("win_rate", boards.win_rate.into_pyarray(py))?;
        out.set_item("matches", boards.own_matches.into_pyarray(py))?;
        if bootstrap > 0 {
            out.set_item("rating_lower", boards.lower.into_pyarray(py))?;
            out.set_item("rating_upper", boards.upper.into_pyarray(py))?;
        }
        if shuffles > 0 {
            out.set_item("elo", boards.elo.into_pyarray(py))?;
            out.set_item("elo_sd", boards.elo_deviation.into_pyarray(py))?;
        }
        let (rows, reasons): (Vec<u64>, Vec<groups::Outside>) = boards.outside.into_iter().unzip();
        out.set_item("outside_row", rows.into_pyarray(py))?;
        let column =
            |of: fn(&groups::Outside) -> u32| -> Vec<u32> { reasons.iter().map(of).collect() };
        out.set_item("members", column(|reason| reason.members).into_pyarray(py))?;
        let standing = column(|reason| u32::from(reason.standing));
        out.set_item("standing", standing.into_pyarray(py))?;
        let apart = column(|reason| u32::from(reason.apart));
        out.set_item("apart", apart.into_pyarray(py))?;
        let against: Vec<u64> = reasons.iter().map(|reason| reason.matches).collect();
        out.set_item("against", against.into_pyarray(py))?;
        let points =
            |of: fn(&groups::Outside) -> f64| -> Vec<f64> { reasons.iter().map(of).collect() };
        out.set_item("won", points(|reason| reason.won).into_pyarray(py))?;
        out.set_item("lost", points(|reason| reason.lost).into_pyarray(py))?;
        Ok(out)
    }
}
