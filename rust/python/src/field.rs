//! Fitting, resampling and replaying the matches of a field.

use humorrank_core::{
    self as core, Pairs, Ties,
    bootstrap::{self, bootstrap},
    bradley_terry::{self, Settings, Solver},
    elo,
    graph::{Components, Standing},
    pairs::Kind,
};
use numpy::{IntoPyArray, PyArray1, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{tally::Tally, work};

/// The fewest replicates whose order statistics reach out to this confidence.
#[pyfunction]
pub fn replicates_needed(confidence: f64) -> usize {
    bootstrap::replicates_needed(confidence)
}

/// What is fitted: points between unordered pairs, and the kinds of match behind them.
#[pyclass(module = "humorrank._core", frozen)]
pub struct Field {
    pairs: Pairs,
    kinds: Vec<Kind>,
}

type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Codes<'py> = Bound<'py, PyArray1<u32>>;

fn settings(prior: f64, solver: &str) -> PyResult<Settings> {
    let solver = match solver {
        "newton" => Solver::Newton,
        "mm" => Solver::Mm,
        other => {
            return Err(PyValueError::new_err(format!(
                "solver is newton or mm, not {other:?}"
            )));
        }
    };
    if !(0.0..f64::INFINITY).contains(&prior) {
        return Err(PyValueError::new_err(
            "prior must be a number of at least 0",
        ));
    }
    Ok(Settings { prior, solver })
}

#[pymethods]
impl Field {
    #[new]
    #[pyo3(signature = (tally, *, exclude_ties=false))]
    fn new(py: Python<'_>, tally: &Tally, exclude_ties: bool) -> PyResult<Self> {
        let ties = if exclude_ties {
            Ties::Exclude
        } else {
            Ties::Half
        };
        py.detach(|| Pairs::from_tally(&tally.inner, ties))
            .map(|(pairs, kinds)| Self { pairs, kinds })
            .map_err(|error| work::python_error(py, &error))
    }

    #[getter]
    fn contestants(&self) -> usize {
        self.pairs.contestants
    }

    fn pairs<'py>(&self, py: Python<'py>) -> (Codes<'py>, Codes<'py>, Floats<'py>, Floats<'py>) {
        (
            self.pairs.low.clone().into_pyarray(py),
            self.pairs.high.clone().into_pyarray(py),
            self.pairs.low_points.clone().into_pyarray(py),
            self.pairs.high_points.clone().into_pyarray(py),
        )
    }

    #[allow(clippy::type_complexity, reason = "one column each")]
    fn kinds<'py>(
        &self,
        py: Python<'py>,
    ) -> (
        Codes<'py>,
        Floats<'py>,
        Floats<'py>,
        Bound<'py, PyArray1<u64>>,
    ) {
        let pair: Vec<_> = self.kinds.iter().map(|kind| kind.pair).collect();
        let low: Vec<_> = self.kinds.iter().map(|kind| kind.low).collect();
        let high: Vec<_> = self.kinds.iter().map(|kind| kind.high).collect();
        let count: Vec<_> = self.kinds.iter().map(|kind| kind.count).collect();
        (
            pair.into_pyarray(py),
            low.into_pyarray(py),
            high.into_pyarray(py),
            count.into_pyarray(py),
        )
    }

    #[allow(clippy::type_complexity, reason = "one column each")]
    fn components<'py>(
        &self,
        py: Python<'py>,
    ) -> (Codes<'py>, Codes<'py>, u32, Bound<'py, PyArray1<i8>>) {
        let (strong, weak, standings) = py.detach(|| {
            let strong = Components::strong(&self.pairs);
            let standings: Vec<i8> = strong
                .standings(&self.pairs)
                .into_iter()
                .map(|standing| match standing {
                    Standing::Inside => 0,
                    Standing::Above => 1,
                    Standing::Below => -1,
                    Standing::Unordered => 2,
                })
                .collect();
            (strong, Components::weak(&self.pairs), standings)
        });
        (
            strong.of.into_pyarray(py),
            weak.of.into_pyarray(py),
            strong.largest,
            standings.into_pyarray(py),
        )
    }

    #[pyo3(signature = (*, prior=0.0, solver="newton", threads=None, progress=None))]
    fn fit<'py>(
        &self,
        py: Python<'py>,
        prior: f64,
        solver: &str,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, f64, usize)> {
        let settings = settings(prior, solver)?;
        let fit = work::run(py, threads, progress, 0, |monitor| {
            bradley_terry::fit(&self.pairs, None, settings, monitor)
        })?;
        Ok((fit.strengths.into_pyarray(py), fit.distance, fit.iterations))
    }

    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    #[pyo3(signature = (strengths, *, replicates, confidence, seed, prior=0.0, threads=None, progress=None))]
    fn bootstrap<'py>(
        &self,
        py: Python<'py>,
        strengths: PyReadonlyArray1<'py, f64>,
        replicates: usize,
        confidence: f64,
        seed: u64,
        prior: f64,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>, usize)> {
        if strengths.len() != self.pairs.contestants {
            return Err(PyValueError::new_err("one strength a contestant is needed"));
        }
        let settings = settings(prior, "newton")?;
        let strengths = strengths.as_slice()?;
        let (intervals, without_maximum) =
            work::run(py, threads, progress, replicates as u64, |monitor| {
                let drawn = bootstrap(
                    &self.pairs,
                    &self.kinds,
                    strengths,
                    settings,
                    replicates,
                    seed,
                    monitor,
                )?;
                Ok((drawn.intervals(confidence), drawn.without_maximum))
            })?;
        let (lower, upper): (Vec<_>, Vec<_>) = intervals.into_iter().unzip();
        Ok((
            lower.into_pyarray(py),
            upper.into_pyarray(py),
            without_maximum,
        ))
    }

    #[pyo3(signature = (*, k, shuffles, seed, threads=None, progress=None))]
    fn stable_elo<'py>(
        &self,
        py: Python<'py>,
        k: f64,
        shuffles: usize,
        seed: u64,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>)> {
        let matches: u64 = self.kinds.iter().map(|kind| kind.count).sum();
        let total = matches.saturating_mul(shuffles as u64);
        let elo = work::run(py, threads, progress, total, |monitor| {
            elo::stable_elo(&self.pairs, &self.kinds, k, shuffles, seed, monitor)
        })?;
        Ok((elo.mean.into_pyarray(py), elo.deviation.into_pyarray(py)))
    }

    fn elo_order<'py>(&self, py: Python<'py>, seed: u64, shuffle: u64) -> Codes<'py> {
        py.detach(|| elo::order(&self.kinds, seed, shuffle))
            .into_pyarray(py)
    }
}

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
            inner: core::elo::Elo::new(0, k, start),
            k,
            start,
        }
    }

    #[getter]
    fn ratings<'py>(&self, py: Python<'py>) -> Floats<'py> {
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

    fn play(
        &mut self,
        py: Python<'_>,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        score: PyReadonlyArray1<'_, f64>,
        weight: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<()> {
        let (first, second) = (first.as_slice()?, second.as_slice()?);
        let (score, weight) = (score.as_slice()?, weight.as_slice()?);
        let field = self.inner.ratings.len();
        let rows = first.len();
        if second.len() != rows || score.len() != rows || weight.len() != rows {
            return Err(PyValueError::new_err("all columns must be of one length"));
        }
        if first
            .iter()
            .chain(second)
            .any(|&code| code as usize >= field)
        {
            return Err(PyValueError::new_err("a code is outside the field"));
        }
        py.detach(|| {
            for row in 0..rows {
                self.inner
                    .play(first[row], second[row], score[row], weight[row]);
            }
        });
        Ok(())
    }
}
