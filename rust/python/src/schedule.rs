//! Schedules of comparisons.

use humorrank_core::schedule::{self, Comparison, Kind, Settings};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1};
use pyo3::{
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
};

use crate::work;

type Codes<'py> = Bound<'py, PyArray1<u32>>;

/// Selects the next comparisons of a tournament.
#[pyclass(module = "humorrank._core")]
pub struct Scheduler {
    inner: schedule::Scheduler,
}

fn outside() -> PyErr {
    PyIndexError::new_err(
        "a code is out of range, a contestant meets itself, or a score is not between 0 and 1",
    )
}

#[pymethods]
impl Scheduler {
    #[new]
    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    #[pyo3(signature = (kind, contestants, prompts, *, seed, slack, prompts_per_pairing, elo_k, prior))]
    fn new(
        py: Python<'_>,
        kind: &str,
        contestants: u32,
        prompts: u32,
        seed: u64,
        slack: u32,
        prompts_per_pairing: u32,
        elo_k: f64,
        prior: f64,
    ) -> PyResult<Self> {
        let kind = match kind {
            "swiss" => Kind::Swiss,
            "round_robin" => Kind::RoundRobin,
            "random" => Kind::Random,
            "information" => Kind::Information,
            other => {
                return Err(PyValueError::new_err(format!(
                    "unknown kind of schedule {other:?}"
                )));
            }
        };
        let settings = Settings {
            kind,
            seed,
            slack,
            prompts_per_pairing,
            elo_k,
            prior,
        };
        let inner = schedule::Scheduler::new(contestants, prompts, &settings)
            .map_err(|error| work::python_error(py, &error))?;
        Ok(Self { inner })
    }

    /// The columns of the round, and its byes.
    #[allow(clippy::type_complexity, reason = "one column each")]
    fn next_round<'py>(
        &mut self,
        py: Python<'py>,
        budget: u64,
    ) -> PyResult<(Codes<'py>, Codes<'py>, Codes<'py>, Codes<'py>)> {
        let round = work::detached(py, || self.inner.next_round(budget))?;
        Ok((
            round.first.into_pyarray(py),
            round.second.into_pyarray(py),
            round.prompt.into_pyarray(py),
            round.byes.into_pyarray(py),
        ))
    }

    fn record(
        &mut self,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        score: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<()> {
        let (first, second, score) = (first.as_slice()?, second.as_slice()?, score.as_slice()?);
        if first.len() != second.len() || first.len() != score.len() {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        // The columns are validated before any verdict is recorded.
        let field = self.inner.contestants();
        let sound = first
            .iter()
            .zip(second)
            .zip(score)
            .all(|((&i, &j), score)| i != j && i.max(j) < field && (0.0..=1.0).contains(score));
        if !sound {
            return Err(outside());
        }
        for ((&first, &second), &score) in first.iter().zip(second).zip(score) {
            self.inner
                .record(first, second, score)
                .map_err(|_| outside())?;
        }
        Ok(())
    }

    /// Returns the number of comparisons that were unused.
    fn take(
        &mut self,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        prompt: PyReadonlyArray1<'_, u32>,
        played: bool,
    ) -> PyResult<usize> {
        let (first, second, prompt) = (first.as_slice()?, second.as_slice()?, prompt.as_slice()?);
        if first.len() != second.len() || first.len() != prompt.len() {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        let (field, prompts) = (self.inner.contestants(), self.inner.prompts());
        let sound = first
            .iter()
            .zip(second)
            .zip(prompt)
            .all(|((&i, &j), &prompt)| i != j && i.max(j) < field && prompt < prompts);
        if !sound {
            return Err(outside());
        }
        let mut new = 0;
        for ((&first, &second), &prompt) in first.iter().zip(second).zip(prompt) {
            let comparison = Comparison {
                first,
                second,
                prompt,
            };
            let was_new = self.inner.take(comparison, played);
            new += usize::from(was_new.map_err(|_| outside())?);
        }
        Ok(new)
    }

    fn extend(&mut self, py: Python<'_>, contestants: u32, prompts: u32) -> PyResult<()> {
        self.inner
            .extend(contestants, prompts)
            .map_err(|error| work::python_error(py, &error))
    }

    #[getter]
    fn elo<'py>(&self, py: Python<'py>) -> Bound<'py, PyArray1<f64>> {
        self.inner.elo().to_vec().into_pyarray(py)
    }

    #[getter]
    fn contestants(&self) -> u32 {
        self.inner.contestants()
    }

    #[getter]
    fn prompts(&self) -> u32 {
        self.inner.prompts()
    }

    #[getter]
    fn played(&self) -> u64 {
        self.inner.played()
    }

    fn possible(&self) -> u64 {
        self.inner.possible()
    }
}
