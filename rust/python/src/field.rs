//! Fitting, resampling and replaying the matches of a field.

use std::sync::{Arc, OnceLock};

use humorrank_core::{
    self as core, Error, Kinds, Monitor, Pairs, Selection, Standings, Ties,
    bootstrap::{self, bootstrap},
    bradley_terry::{self, Settings, Solver},
    elo,
    graph::{self, Components, Standing},
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
    tally: Arc<core::Tally>,
    ties: Ties,
    /// The new number of each contestant of the tally that is kept, if some are not.
    codes: Option<Vec<Option<u32>>>,
    pairs: Pairs,
    /// Made when they are first asked for: a fit alone does not need them.
    kinds: OnceLock<Kinds>,
}

/// So many pairs are fitted by Newton's method in a few milliseconds.
const FEW_PAIRS: usize = 1 << 13;

type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Codes<'py> = Bound<'py, PyArray1<u32>>;
type Counts<'py> = Bound<'py, PyArray1<u64>>;

impl Field {
    fn kinds(&self) -> Result<&Kinds, Error> {
        if let Some(kinds) = self.kinds.get() {
            return Ok(kinds);
        }
        let kinds = Kinds::of(&self.selection())?;
        Ok(self.kinds.get_or_init(|| kinds))
    }

    fn selection(&self) -> Selection<'_> {
        Selection {
            tally: &self.tally,
            ties: self.ties,
            codes: self.codes.as_deref(),
        }
    }
}

pub fn settings(prior: f64, solver: &str) -> PyResult<Settings> {
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
    Ok(Settings {
        prior,
        solver,
        ..Settings::default()
    })
}

#[pymethods]
impl Field {
    #[new]
    #[pyo3(signature = (tally, *, exclude_ties=false, keep=None))]
    fn new(
        py: Python<'_>,
        tally: &mut Tally,
        exclude_ties: bool,
        keep: Option<PyReadonlyArray1<'_, bool>>,
    ) -> PyResult<Self> {
        let ties = if exclude_ties {
            Ties::Exclude
        } else {
            Ties::Half
        };
        tally.settle(py)?;
        let tally = Arc::clone(&tally.inner);
        let keep = keep.as_ref().map(|keep| keep.as_slice()).transpose()?;
        if keep.is_some_and(|keep| keep.len() != tally.contestants()) {
            return Err(PyValueError::new_err("keep is one value a contestant"));
        }
        let codes = keep.map(|keep| {
            let mut next = 0..;
            (keep.iter())
                .map(|&kept| kept.then(|| next.next()).flatten())
                .collect::<Vec<Option<u32>>>()
        });
        let selection = Selection {
            tally: &tally,
            ties,
            codes: codes.as_deref(),
        };
        let pairs = py
            .detach(|| Pairs::of(&selection))
            .map_err(|error| work::python_error(py, &error))?;
        Ok(Self {
            tally,
            ties,
            codes,
            pairs,
            kinds: OnceLock::new(),
        })
    }

    #[getter]
    fn contestants(&self) -> usize {
        self.pairs.contestants()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Tally, bool))> {
        let tally = match &self.codes {
            None => Tally {
                inner: Arc::clone(&self.tally),
            },
            Some(codes) => {
                let mut kept = py
                    .detach(|| self.tally.relabel(codes))
                    .map_err(|error| work::python_error(py, &error))?;
                kept.grow(self.pairs.contestants());
                Tally::owned(kept)
            }
        };
        let again = py.get_type::<Self>().getattr("_again")?;
        Ok((again, (tally, self.ties == Ties::Exclude)))
    }

    #[staticmethod]
    fn _again(py: Python<'_>, tally: &mut Tally, exclude_ties: bool) -> PyResult<Self> {
        Self::new(py, tally, exclude_ties, None)
    }

    fn pairs<'py>(&self, py: Python<'py>) -> (Codes<'py>, Codes<'py>, Floats<'py>, Floats<'py>) {
        let points = (0..self.pairs.len()).map(|pair| self.pairs.points.of(pair));
        let (low, high): (Vec<_>, Vec<_>) = points.unzip();
        (
            self.pairs
                .contestants_of_pairs()
                .map(|(low, _)| low as u32)
                .collect::<Vec<_>>()
                .into_pyarray(py),
            self.pairs.high.clone().into_pyarray(py),
            low.into_pyarray(py),
            high.into_pyarray(py),
        )
    }

    #[pyo3(name = "kinds")]
    #[allow(clippy::type_complexity, reason = "one column each")]
    fn kinds_of_match<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Codes<'py>, Floats<'py>, Floats<'py>, Counts<'py>)> {
        let Kinds { kinds, classes } = self
            .kinds()
            .map_err(|error| work::python_error(py, &error))?;
        let points = kinds.iter().map(|kind| classes[kind.class as usize]);
        let (low, high): (Vec<_>, Vec<_>) = points.unzip();
        let pair: Vec<_> = kinds.iter().map(|kind| kind.pair).collect();
        let count: Vec<_> = kinds.iter().map(|kind| kind.count).collect();
        Ok((
            pair.into_pyarray(py),
            low.into_pyarray(py),
            high.into_pyarray(py),
            count.into_pyarray(py),
        ))
    }

    #[allow(clippy::type_complexity, reason = "one column each")]
    fn standings<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<(Counts<'py>, Floats<'py>, Floats<'py>, u64)> {
        let standings = py
            .detach(|| Standings::of(&self.selection()))
            .map_err(|error| work::python_error(py, &error))?;
        Ok((
            standings.matches.into_pyarray(py),
            standings.points.into_pyarray(py),
            standings.weight.into_pyarray(py),
            standings.total,
        ))
    }

    fn outcomes(&self, py: Python<'_>) -> (u64, u64, u64, u64, u64) {
        py.detach(|| self.selection().outcomes()).into()
    }

    #[allow(clippy::type_complexity, reason = "one attribute each")]
    fn outsiders<'py>(
        &self,
        py: Python<'py>,
    ) -> Vec<(Codes<'py>, &'static str, bool, u64, f64, f64)> {
        let groups = py.detach(|| {
            graph::outsiders(&self.pairs, |visit| self.selection().for_each_count(visit))
        });
        groups
            .into_iter()
            .map(|group| {
                let standing = match group.standing {
                    Standing::Inside => "inside",
                    Standing::Above => "above",
                    Standing::Below => "below",
                    Standing::Unordered => "unordered",
                };
                let (won, lost) = group.points;
                let members = group.contestants.into_pyarray(py);
                (members, standing, group.apart, group.matches, won, lost)
            })
            .collect()
    }

    fn groups(&self, py: Python<'_>) -> usize {
        py.detach(|| Components::weak(&self.pairs).sizes.len())
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
        let fit = |monitor: &Monitor| bradley_terry::fit(&self.pairs, None, settings, monitor);
        let fit = if self.pairs.len() <= FEW_PAIRS && settings.solver == Solver::Newton {
            work::run_here(py, fit)?
        } else {
            work::run(py, threads, progress, 0, fit)?
        };
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
        if strengths.len() != self.pairs.contestants() {
            return Err(PyValueError::new_err("one strength a contestant is needed"));
        }
        let settings = settings(prior, "newton")?;
        let strengths = strengths.as_slice()?;
        let (intervals, without_maximum) =
            work::run(py, threads, progress, replicates as u64, |monitor| {
                let drawn = bootstrap(
                    &self.pairs,
                    self.kinds()?,
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
        let matches = self
            .kinds()
            .and_then(Kinds::matches)
            .map_err(|error| work::python_error(py, &error))?;
        let total = matches.saturating_mul(shuffles as u64);
        let elo = work::run(py, threads, progress, total, |monitor| {
            elo::stable_elo(&self.pairs, self.kinds()?, k, shuffles, seed, monitor)
        })?;
        Ok((elo.mean.into_pyarray(py), elo.deviation.into_pyarray(py)))
    }

    fn elo_order<'py>(&self, py: Python<'py>, seed: u64, shuffle: u64) -> PyResult<Codes<'py>> {
        let order = py.detach(|| Ok(elo::order(self.kinds()?, seed, shuffle)));
        order
            .map(|order| order.into_pyarray(py))
            .map_err(|error| work::python_error(py, &error))
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
            return Err(PyValueError::new_err("all columns must be of one length"));
        }
        if first
            .iter()
            .chain(second)
            .any(|&code| code as usize >= field)
        {
            return Err(PyValueError::new_err("a code is outside the field"));
        }
        let count = count.as_ref().map(|column| column.as_slice()).transpose()?;
        if count.is_some_and(|count| count.len() != rows) {
            return Err(PyValueError::new_err("all columns must be of one length"));
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
