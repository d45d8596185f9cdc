//! Elo ratings that are updated match by match.

use humorrank_core::elo;
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::work;

/// Running Elo ratings.
#[pyclass(module = "humorrank._core")]
pub struct Elo {
    inner: elo::Elo,
    k: f64,
    start: f64,
}

#[pymethods]
impl Elo {
    #[new]
    fn new(k: f64, start: f64) -> Self {
        Self {
            inner: elo::Elo::new(0, k, start),
            k,
            start,
        }
    }

    #[getter]
    fn ratings<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.ratings.clone().into_pyarray(py)
    }

    #[getter]
    fn k(&self) -> f64 {
        self.k
    }

    fn grow(&mut self, contestants: usize) {
        let ratings = &mut self.inner.ratings;
        ratings.resize(contestants.max(ratings.len()), self.start);
    }

    #[pyo3(signature = (first, second, score, weight, count=None))]
    #[allow(clippy::too_many_arguments, reason = "one column each")]
    fn play(
        &mut self,
        py: Python<'_>,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        score: PyReadonlyArray1<'_, f64>,
        weight: PyReadonlyArray1<'_, f64>,
        count: Option<PyReadonlyArray1<'_, u64>>,
    ) -> PyResult<()> {
        let (first, second) = (first.as_slice()?, second.as_slice()?);
        let (score, weight) = (score.as_slice()?, weight.as_slice()?);
        let field = self.inner.ratings.len();
        let rows = first.len();
        if second.len() != rows || score.len() != rows || weight.len() != rows {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        if first
            .iter()
            .chain(second)
            .any(|&code| code as usize >= field)
        {
            return Err(PyValueError::new_err("a code is out of range"));
        }
        let count = count.as_ref().map(|column| column.as_slice()).transpose()?;
        if count.is_some_and(|count| count.len() != rows) {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        let inner = &mut self.inner;
        work::run(py, None, None, 0, |monitor| {
            for row in 0..rows {
                for again in 0..count.map_or(1, |count| count[row]) {
                    inner.play(first[row], second[row], score[row], weight[row]);
                    if (row as u64 + again).is_multiple_of(1 << 20) {
                        monitor.check()?;
                    }
                }
            }
            Ok(())
        })
    }
}
