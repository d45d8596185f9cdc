//! Fits, resamples and replays of the matches of a field.

use std::sync::{Arc, OnceLock};

use humorrank_core::{
    self as core, Error, Kinds, Monitor, Pairs, Standings, Ties,
    bootstrap::{self, Replicates, Units, bootstrap},
    bradley_terry::{self, Settings, Solver},
    elo,
    graph::{self, Components},
    resample,
};
use numpy::{
    IntoPyArray, PyArray1, PyArray2, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods,
};
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{
    tally::Tally,
    work::{self, detached, on_threads_if},
};

/// The minimum number of replicates whose order statistics reach the given confidence.
#[pyfunction]
pub fn replicates_needed(confidence: f64) -> usize {
    bootstrap::replicates_needed(confidence)
}

/// The data of a fit: points between unordered pairs, and the kinds of match.
#[pyclass(module = "humorrank._core", frozen)]
pub struct FitData {
    tally: Arc<core::Tally>,
    ties: Ties,
    pairs: Pairs,
    /// Created on first use, because a fit alone does not need them.
    kinds: OnceLock<Kinds>,
}

/// Newton's method fits a field with at most this many pairs and contestants in a few milliseconds.
const FEW_PAIRS: usize = 1 << 13;
const FEW_CONTESTANTS: usize = 1 << 10;

type Floats<'py> = Bound<'py, PyArray1<f64>>;
type Codes<'py> = Bound<'py, PyArray1<u32>>;
type Counts<'py> = Bound<'py, PyArray1<u64>>;
type FiniteEnds<'py> = (Codes<'py>, Codes<'py>, Floats<'py>);

/// The matches of a field, grouped by clusters that are resampled as a whole.
#[pyclass(module = "humorrank._core", frozen)]
pub struct Clusters(resample::Clusters);

#[pymethods]
impl Clusters {
    #[new]
    fn new(
        py: Python<'_>,
        field: &FitData,
        cluster: PyReadonlyArray1<'_, u32>,
        first: PyReadonlyArray1<'_, u32>,
        second: PyReadonlyArray1<'_, u32>,
        first_points: PyReadonlyArray1<'_, f64>,
        second_points: PyReadonlyArray1<'_, f64>,
    ) -> PyResult<Self> {
        let (cluster, first, second) = (cluster.as_slice()?, first.as_slice()?, second.as_slice()?);
        let (first_points, second_points) = (first_points.as_slice()?, second_points.as_slice()?);
        let lengths = [first, second].map(<[u32]>::len);
        let point_lengths = [first_points, second_points].map(<[f64]>::len);
        if lengths
            .into_iter()
            .chain(point_lengths)
            .any(|length| length != cluster.len())
        {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        let rows = (0..cluster.len()).map(|row| resample::Points {
            cluster: cluster[row],
            first: (first[row], first_points[row]),
            second: (second[row], second_points[row]),
        });
        detached(py, || resample::Clusters::new(&field.pairs, rows))?
            .map(Self)
            .map_err(|error| work::python_error(py, &error))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

impl FitData {
    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    fn resampled<T: Send>(
        &self,
        py: Python<'_>,
        strengths: &PyReadonlyArray1<'_, f64>,
        (replicates, seed, prior): (usize, u64, f64),
        clusters: Option<&Clusters>,
        threads: Option<usize>,
        progress: Option<&Bound<'_, PyAny>>,
        then: impl FnOnce(Replicates) -> T + Send,
    ) -> PyResult<T> {
        if strengths.len() != self.pairs.contestants() {
            return Err(PyValueError::new_err(
                "strengths must have one value per contestant",
            ));
        }
        let settings = settings(prior, "newton")?;
        let strengths = strengths.as_slice()?;
        work::run(py, threads, progress, replicates as u64, |monitor| {
            let units = match clusters {
                Some(clusters) => Units::Clusters(&clusters.0),
                None => Units::Matches(self.kinds()?),
            };
            bootstrap(
                &self.pairs,
                units,
                strengths,
                settings,
                replicates,
                seed,
                monitor,
            )
            .map(then)
        })
    }

    fn kinds(&self) -> Result<&Kinds, Error> {
        if let Some(kinds) = self.kinds.get() {
            return Ok(kinds);
        }
        let kinds = Kinds::from_tally(&self.tally, self.ties)?;
        Ok(self.kinds.get_or_init(|| kinds))
    }
}

pub fn settings(prior: f64, solver: &str) -> PyResult<Settings> {
    let solver = match solver {
        "newton" => Solver::Newton,
        "mm" => Solver::Mm,
        other => {
            return Err(PyValueError::new_err(format!(
                "solver must be newton or mm, not {other:?}"
            )));
        }
    };
    if !(0.0..f64::INFINITY).contains(&prior) {
        return Err(PyValueError::new_err(
            "prior must be a finite number of at least 0",
        ));
    }
    Ok(Settings {
        prior,
        solver,
        ..Settings::default()
    })
}

#[pymethods]
impl FitData {
    #[new]
    #[pyo3(signature = (tally, *, exclude_ties=false))]
    fn new(tally: &Bound<'_, Tally>, exclude_ties: bool) -> PyResult<Self> {
        let ties = if exclude_ties {
            Ties::Exclude
        } else {
            Ties::Half
        };
        let py = tally.py();
        // The borrow is released immediately, because an interrupted caller leaves the work running
        // on its own.
        let tally = {
            let mut tally = tally.borrow_mut();
            tally.settle(py)?;
            Arc::clone(&tally.inner)
        };
        let pairs = detached(py, || {
            on_threads_if(tally.is_sparse(), || Pairs::from_tally(&tally, ties))
        })?
        .map_err(|error| work::python_error(py, &error))?;
        Ok(Self {
            tally,
            ties,
            pairs,
            kinds: OnceLock::new(),
        })
    }

    #[getter]
    fn contestants(&self) -> usize {
        self.pairs.contestants()
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyAny>, (Tally, bool))> {
        let tally = Tally {
            inner: Arc::clone(&self.tally),
        };
        let again = py.get_type::<Self>().getattr("_again")?;
        Ok((again, (tally, self.ties == Ties::Exclude)))
    }

    #[staticmethod]
    fn _again(tally: &Bound<'_, Tally>, exclude_ties: bool) -> PyResult<Self> {
        Self::new(tally, exclude_ties)
    }

    fn pairs<'py>(&self, py: Python<'py>) -> (Codes<'py>, Codes<'py>, Floats<'py>, Floats<'py>) {
        (
            self.pairs
                .contestants_of_pairs()
                .map(|(low, _)| low as u32)
                .collect::<Vec<_>>()
                .into_pyarray(py),
            self.pairs.high.clone().into_pyarray(py),
            PyArray1::from_iter(py, self.pairs.low_points.iter()),
            PyArray1::from_iter(py, self.pairs.high_points.iter()),
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
        let standings = detached(py, || {
            on_threads_if(self.tally.is_sparse(), || {
                Standings::from_tally(&self.tally, self.ties)
            })
        })?
        .map_err(|error| work::python_error(py, &error))?;
        Ok((
            standings.matches.into_pyarray(py),
            standings.points.into_pyarray(py),
            standings.weight.into_pyarray(py),
            standings.total,
        ))
    }

    #[allow(clippy::type_complexity, reason = "one attribute each")]
    fn outsiders<'py>(
        &self,
        py: Python<'py>,
    ) -> PyResult<Vec<(Codes<'py>, &'static str, bool, u64, f64, f64)>> {
        let groups = detached(py, || {
            graph::outsiders(&self.pairs, || Pairs::matches(&self.tally, self.ties))
        })?;
        Ok(groups
            .into_iter()
            .map(|group| {
                let standing = group.standing.name();
                let (won, lost) = group.points;
                let members = group.contestants.into_pyarray(py);
                (members, standing, group.apart, group.matches, won, lost)
            })
            .collect())
    }

    /// The number of largest components, the number of contestants in each, and the first few of
    /// the components.
    fn largest<'py>(
        &self,
        py: Python<'py>,
        shown: usize,
    ) -> PyResult<(usize, usize, Vec<Codes<'py>>)> {
        let (components, largest) = detached(py, || {
            let components = Components::strong(&self.pairs);
            let largest = components.largest();
            (components, largest)
        })?;
        let size = largest
            .first()
            .map_or(0, |&component| components.sizes[component as usize]);
        let members = |component: u32| -> Vec<u32> {
            let of = (0..).zip(&components.of);
            of.filter(|&(_, &of)| of == component)
                .map(|(code, _)| code)
                .collect()
        };
        let some = largest.iter().take(shown);
        let shown = some
            .map(|&component| members(component).into_pyarray(py))
            .collect();
        Ok((largest.len(), size, shown))
    }

    /// The number of kinds of match. The cost of a replicate grows with it.
    fn cell_count(&self, py: Python<'_>) -> PyResult<usize> {
        let kinds = detached(py, || self.kinds().map(|kinds| kinds.kinds.len()))?;
        kinds.map_err(|error| work::python_error(py, &error))
    }

    fn groups(&self, py: Python<'_>) -> PyResult<usize> {
        detached(py, || Components::weak(&self.pairs).sizes.len())
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
        let few = self.pairs.len() <= FEW_PAIRS && self.pairs.contestants() <= FEW_CONTESTANTS;
        let fit = if few && settings.solver == Solver::Newton {
            work::run_here(py, fit)?
        } else {
            work::run(py, threads, progress, 0, fit)?
        };
        Ok((fit.strengths.into_pyarray(py), fit.distance, fit.iterations))
    }

    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    #[pyo3(signature = (strengths, *, replicates, confidence, seed, prior=0.0, clusters=None, threads=None, progress=None))]
    fn bootstrap<'py>(
        &self,
        py: Python<'py>,
        strengths: PyReadonlyArray1<'py, f64>,
        replicates: usize,
        confidence: f64,
        seed: u64,
        prior: f64,
        clusters: Option<&Clusters>,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Floats<'py>, Floats<'py>, usize)> {
        let drawn = (replicates, seed, prior);
        let (intervals, without_maximum) = self.resampled(
            py,
            &strengths,
            drawn,
            clusters,
            threads,
            progress,
            |drawn| (drawn.intervals(confidence), drawn.without_maximum),
        )?;
        let (lower, upper): (Vec<_>, Vec<_>) = intervals.into_iter().unzip();
        Ok((
            lower.into_pyarray(py),
            upper.into_pyarray(py),
            without_maximum,
        ))
    }

    #[allow(clippy::too_many_arguments, reason = "settings, each with its name")]
    #[pyo3(signature = (strengths, *, replicates, seed, prior=0.0, clusters=None, threads=None, progress=None))]
    fn replicates<'py>(
        &self,
        py: Python<'py>,
        strengths: PyReadonlyArray1<'py, f64>,
        replicates: usize,
        seed: u64,
        prior: f64,
        clusters: Option<&Clusters>,
        threads: Option<usize>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<(Bound<'py, PyArray2<f64>>, FiniteEnds<'py>, usize)> {
        let drawn = (replicates, seed, prior);
        let drawn = self.resampled(
            py,
            &strengths,
            drawn,
            clusters,
            threads,
            progress,
            |drawn| drawn,
        )?;
        let shape = [replicates, drawn.contestants];
        let ratings = drawn.ratings.into_pyarray(py).reshape(shape)?;
        let ends = drawn.finite_ends.iter();
        let finite_ends = (
            PyArray1::from_iter(py, ends.clone().map(|end| end.replicate)),
            PyArray1::from_iter(py, ends.clone().map(|end| end.contestant)),
            PyArray1::from_iter(py, ends.map(|end| end.rating)),
        );
        Ok((ratings, finite_ends, drawn.without_maximum))
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
        let order = detached(py, || Ok(elo::order(self.kinds()?, seed, shuffle)))?;
        order
            .map(|order| order.into_pyarray(py))
            .map_err(|error| work::python_error(py, &error))
    }
}
