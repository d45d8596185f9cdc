//! Counts of matches.

use std::sync::Arc;

use humorrank_core::{self as core, Cell, Error, Outcome};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::work::{detached, on_threads_if, on_threads_if_many, python_error};

/// Exact counts of matches by ordered pair and outcome.
#[pyclass(module = "humorrank._core")]
#[derive(Clone)]
pub struct Tally {
    pub inner: Arc<core::Tally>,
}

impl Tally {
    pub fn owned(inner: core::Tally) -> Self {
        Self {
            inner: Arc::new(inner),
        }
    }
}

pub type Cells<'py> = (
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u32>>,
    Bound<'py, PyArray1<u8>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<f64>>,
    Bound<'py, PyArray1<u64>>,
);

/// (first, second, outcome, score, weight, requested count, existing count).
type Missing = Option<(u32, u32, u8, f64, f64, u64, u64)>;

#[pymethods]
impl Tally {
    #[new]
    #[pyo3(signature = (contestants=0))]
    fn new(contestants: usize) -> Self {
        Self::owned(core::Tally::new(contestants))
    }

    #[getter]
    fn contestants(&self) -> usize {
        self.inner.contestants()
    }

    #[getter]
    fn matches(&self, py: Python<'_>) -> PyResult<u64> {
        self.inner
            .matches()
            .map_err(|error| python_error(py, &error))
    }

    fn __reduce__<'py>(
        &mut self,
        py: Python<'py>,
    ) -> PyResult<(Bound<'py, PyAny>, (usize, Cells<'py>))> {
        let again = py.get_type::<Self>().getattr("_again")?;
        Ok((again, (self.inner.contestants(), self.cells(py)?)))
    }

    #[staticmethod]
    #[allow(clippy::type_complexity, reason = "one column each")]
    fn _again(
        py: Python<'_>,
        contestants: usize,
        cells: (
            PyReadonlyArray1<'_, u32>,
            PyReadonlyArray1<'_, u32>,
            PyReadonlyArray1<'_, u8>,
            PyReadonlyArray1<'_, f64>,
            PyReadonlyArray1<'_, f64>,
            PyReadonlyArray1<'_, u64>,
        ),
    ) -> PyResult<Self> {
        let mut tally = Self::new(contestants);
        let (first, second, outcome, score, weight, count) = cells;
        tally.add(
            py,
            first,
            second,
            outcome,
            Some(score),
            Some(weight),
            Some(count),
        )?;
        Ok(tally)
    }

    fn grow(&mut self, contestants: usize) {
        Arc::make_mut(&mut self.inner).grow(contestants);
    }

    #[allow(clippy::too_many_arguments, reason = "one column each")]
    #[pyo3(signature = (first, second, outcome, score=None, weight=None, count=None))]
    fn add(
        &mut self,
        py: Python<'_>,
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
        if lengths.into_iter().flatten().any(|length| length != rows) {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        let (first, second, outcome) = (first.as_slice()?, second.as_slice()?, outcome.as_slice()?);
        let score = score.as_ref().map(|column| column.as_slice()).transpose()?;
        let weight = weight
            .as_ref()
            .map(|column| column.as_slice())
            .transpose()?;
        let count = count.as_ref().map(|column| column.as_slice()).transpose()?;
        let out_of_range = || {
            PyValueError::new_err("a row has a code, outcome, score or weight that is out of range")
        };
        let contestants = self.inner.contestants();
        let is_sparse = self.inner.is_sparse();
        let tally = Arc::make_mut(&mut self.inner);
        if score.is_none() && weight.is_none() && count.is_none() {
            // All threads work on a sparse tally, and on a dense one if there are many rows.
            let many = if is_sparse { usize::MAX } else { rows };
            return detached(py, || {
                on_threads_if_many(many, || tally.add_columns(first, second, outcome))
            })?
            .map_err(|error| match error {
                Error::OutOfRange => out_of_range(),
                _ => python_error(py, &error),
            });
        }
        let add = || {
            for row in 0..rows {
                let outcome = Outcome::from_code(outcome[row])?;
                if first[row].max(second[row]) as usize >= contestants || first[row] == second[row]
                {
                    return None;
                }
                let cell = Cell {
                    first: first[row],
                    second: second[row],
                    outcome,
                    score: outcome.score(score.map_or(f64::NAN, |column| column[row])),
                    weight: weight.map_or(1.0, |column| column[row]),
                    count: count.map_or(1, |column| column[row]),
                };
                if !(0.0..=1.0).contains(&cell.score)
                    || !(0.0..f64::INFINITY).contains(&cell.weight)
                {
                    return None;
                }
                if let Err(error) = tally.add_cell(&cell) {
                    return Some(Err(error));
                }
            }
            Some(Ok(()))
        };
        match detached(py, || on_threads_if(is_sparse, add))? {
            Some(added) => added.map_err(|error| python_error(py, &error)),
            None => Err(out_of_range()),
        }
    }

    fn merge(&mut self, py: Python<'_>, other: &Self) -> PyResult<()> {
        let is_sparse = self.inner.is_sparse() || other.inner.is_sparse();
        let tally = Arc::make_mut(&mut self.inner);
        detached(py, || {
            on_threads_if(is_sparse, || tally.merge(&other.inner))
        })?
        .map_err(|error| python_error(py, &error))
    }

    pub fn settle(&mut self, py: Python<'_>) -> PyResult<()> {
        // Otherwise a shared tally would be copied.
        if self.inner.is_settled() {
            return Ok(());
        }
        let tally = Arc::make_mut(&mut self.inner);
        detached(py, || on_threads_if(tally.is_sparse(), || tally.settle()))?
            .map_err(|error| python_error(py, &error))
    }

    fn played<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<bool>> {
        self.inner.played().into_pyarray(py)
    }

    fn outcomes(&self, py: Python<'_>) -> PyResult<(u64, u64, u64, u64, u64)> {
        detached(py, || {
            on_threads_if(self.inner.is_sparse(), || self.inner.outcomes())
        })?
        .map(Into::into)
        .map_err(|error| python_error(py, &error))
    }

    fn relabel(slf: &Bound<'_, Self>, codes: PyReadonlyArray1<'_, i64>) -> PyResult<Self> {
        // The borrow is released immediately, because an interrupted caller leaves the work running
        // on its own.
        let inner = Arc::clone(&slf.borrow().inner);
        let py = slf.py();
        if codes.len() != inner.contestants() {
            return Err(PyValueError::new_err(
                "codes must have one value per contestant",
            ));
        }
        let codes: Vec<Option<u32>> = codes
            .as_slice()?
            .iter()
            .map(|&code| u32::try_from(code).ok())
            .collect();
        let contestants = codes
            .iter()
            .flatten()
            .max()
            .map_or(0, |&most| most as usize + 1);
        let many = inner.is_sparse() || core::Tally::is_sparse_with(contestants);
        detached(py, || on_threads_if(many, || inner.relabel(&codes)))?
            .map(Self::owned)
            .map_err(|error| python_error(py, &error))
    }

    fn cells<'py>(&mut self, py: Python<'py>) -> PyResult<Cells<'py>> {
        self.settle(py)?;
        let cells: Vec<Cell> = self.inner.cells().collect();
        Ok(cell_columns(py, &cells))
    }

    fn difference(
        &mut self,
        py: Python<'_>,
        other: &mut Self,
    ) -> PyResult<(Option<Self>, Missing)> {
        self.settle(py)?;
        other.settle(py)?;
        let left = detached(py, || {
            on_threads_if(self.inner.is_sparse(), || {
                core::tally::difference(&self.inner, &other.inner)
            })
        })?
        .map_err(|error| python_error(py, &error))?;
        Ok(match left {
            Ok(left) => (Some(Self::owned(left)), None),
            Err((cell, held)) => {
                let outcome = cell.outcome as u8;
                let (first, second, count) = (cell.first, cell.second, cell.count);
                let missing = (first, second, outcome, cell.score, cell.weight, count, held);
                (None, Some(missing))
            }
        })
    }
}

/// Converts cells to one array per column.
pub fn cell_columns<'py>(py: Python<'py>, cells: &[Cell]) -> Cells<'py> {
    let first = cells.iter().map(|c| c.first).collect::<Vec<_>>();
    let second = cells.iter().map(|c| c.second).collect::<Vec<_>>();
    let outcome = cells.iter().map(|c| c.outcome as u8).collect::<Vec<_>>();
    let score = cells.iter().map(|c| c.score).collect::<Vec<_>>();
    let weight = cells.iter().map(|c| c.weight).collect::<Vec<_>>();
    let count = cells.iter().map(|c| c.count).collect::<Vec<_>>();
    (
        first.into_pyarray(py),
        second.into_pyarray(py),
        outcome.into_pyarray(py),
        score.into_pyarray(py),
        weight.into_pyarray(py),
        count.into_pyarray(py),
    )
}
