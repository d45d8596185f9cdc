//! Reads files as columns of codes, and checks coded matches.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use humorrank_core::{self as core, names::NULL_CODE};
use humorrank_files::{
    Columns, Unusual, cells, check, csv::Dialect, delimited::DelimitedCodes, guarded,
    parquet::ParquetCodes,
};
use numpy::{IntoPyArray, PyArray1, PyArrayMethods, PyReadonlyArray1, PyUntypedArrayMethods};
use pyo3::{
    create_exception,
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::{PyList, PyTuple},
};

use crate::{
    names::{Interner, Remembered},
    work::{detached, on_threads, on_threads_if_many},
};

create_exception!(
    humorrank._core,
    UnusualError,
    PyValueError,
    "A file, or its next rows, in a damaged or rare form that a CodeReader does not support."
);

fn python_error(error: &Unusual) -> PyErr {
    UnusualError::new_err(error.to_string())
}

enum Reader {
    Parquet(ParquetCodes),
    Delimited(DelimitedCodes),
}

/// Reads columns of a file as codes.
#[pyclass(module = "humorrank._core")]
pub struct CodeReader {
    /// Never contended. The mutex only guarantees that one thread at a time reads.
    reader: Mutex<Reader>,
    interners: usize,
}

#[pymethods]
impl CodeReader {
    #[staticmethod]
    fn parquet(py: Python<'_>, path: PathBuf, columns: Vec<(String, usize)>) -> PyResult<Self> {
        let interners = columns.iter().map(|(_, interner)| interner + 1).max();
        detached(py, || guarded(|| ParquetCodes::open(&path, &columns)))?
            .map(|reader| Self::new(Reader::Parquet(reader), interners))
            .map_err(|error| python_error(&error))
    }

    #[staticmethod]
    #[pyo3(signature = (path, columns, *, header, delimiter, has_header, quote=true))]
    fn delimited(
        py: Python<'_>,
        path: PathBuf,
        columns: Vec<(usize, usize)>,
        header: Vec<String>,
        delimiter: char,
        has_header: bool,
        quote: bool,
    ) -> PyResult<Self> {
        let dialect = Dialect {
            delimiter: u8::try_from(delimiter)
                .map_err(|_| PyValueError::new_err("the delimiter must be one byte"))?,
            quote,
            has_header,
        };
        if columns.iter().any(|&(column, _)| column >= header.len()) {
            return Err(PyIndexError::new_err("a column index is out of range"));
        }
        let interners = columns.iter().map(|(_, interner)| interner + 1).max();
        detached(py, || {
            guarded(|| DelimitedCodes::open(&path, dialect, &header, &columns))
        })?
        .map(|reader| Self::new(Reader::Delimited(reader), interners))
        .map_err(|error| python_error(&error))
    }

    fn read<'py>(
        &mut self,
        py: Python<'py>,
        interners: Vec<PyRefMut<'py, Interner>>,
    ) -> PyResult<Option<Vec<Bound<'py, PyArray1<u32>>>>> {
        Ok(self
            .rows(py, interners, |reader, interners| match reader {
                Reader::Parquet(reader) => reader.read(interners).map(|rows| rows.map(Into::into)),
                Reader::Delimited(reader) => {
                    reader.read(interners).map(|rows| rows.map(Into::into))
                }
            })?
            .map(|rows| arrays(py, rows.columns)))
    }

    #[allow(
        clippy::type_complexity,
        reason = "a pair is clearer than a name for it"
    )]
    fn count<'py>(
        &mut self,
        py: Python<'py>,
        interners: Vec<PyRefMut<'py, Interner>>,
    ) -> PyResult<
        Option<(
            Vec<Bound<'py, PyArray1<u32>>>,
            Option<Bound<'py, PyArray1<u64>>>,
        )>,
    > {
        Ok(self
            .rows(py, interners, |reader, interners| match reader {
                Reader::Parquet(reader) => reader.count(interners),
                Reader::Delimited(reader) => reader.count(interners),
            })?
            .map(|rows| {
                let times = rows.times.map(|times| times.into_pyarray(py));
                (arrays(py, rows.columns), times)
            }))
    }
}

fn arrays(py: Python<'_>, columns: Columns) -> Vec<Bound<'_, PyArray1<u32>>> {
    columns
        .into_iter()
        .map(|codes| codes.into_pyarray(py))
        .collect()
}

impl CodeReader {
    fn new(reader: Reader, interners: Option<usize>) -> Self {
        Self {
            reader: Mutex::new(reader),
            interners: interners.unwrap_or(0),
        }
    }

    fn rows(
        &mut self,
        py: Python<'_>,
        mut interners: Vec<PyRefMut<'_, Interner>>,
        next: impl FnOnce(
            &mut Reader,
            &mut [&mut core::Interner],
        ) -> Result<Option<cells::Rows>, Unusual>
        + Send,
    ) -> PyResult<Option<cells::Rows>> {
        if interners.len() < self.interners {
            return Err(PyValueError::new_err(
                "there are fewer interners than the columns need",
            ));
        }
        let reader = self
            .reader
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let mut inner: Vec<&mut core::Interner> = interners
            .iter_mut()
            .map(|interner| &mut interner.inner)
            .collect();
        detached(py, || {
            guarded(|| on_threads(None, || next(reader, &mut inner)))
        })?
        .map_err(|error| python_error(&error))
    }
}

/// The result of checking rows (see `check_codes`).
#[pyclass(module = "humorrank._core", frozen, get_all)]
pub struct CheckedRows {
    faults: u64,
    unjudged: u64,
    void: u64,
    excluded: u64,
    ties: u64,
    both_bad: u64,
    first: Py<PyArray1<u32>>,
    second: Py<PyArray1<u32>>,
    outcome: Py<PyArray1<u8>>,
    count: Option<Py<PyArray1<u64>>>,
    rows: Option<Py<PyArray1<usize>>>,
    seen: Py<PyArray1<u8>>,
}

/// Checks coded matches, counts them by category, and selects those to be rated.
#[pyfunction]
#[pyo3(signature = (
    first, second, winner, outcomes, *, names, winner_names=None, count=None, counts=None,
    times=None, excluded=0
))]
#[allow(clippy::too_many_arguments, reason = "one column or table each")]
pub fn check_codes<'py>(
    py: Python<'py>,
    first: Bound<'py, PyArray1<u32>>,
    second: Bound<'py, PyArray1<u32>>,
    winner: Option<PyReadonlyArray1<'py, u32>>,
    outcomes: &[u8],
    names: usize,
    winner_names: Option<PyReadonlyArray1<'py, u32>>,
    count: Option<PyReadonlyArray1<'py, u32>>,
    counts: Option<PyReadonlyArray1<'py, u64>>,
    times: Option<PyReadonlyArray1<'py, u64>>,
    excluded: u32,
) -> PyResult<CheckedRows> {
    let has_counts = counts.is_some() || times.is_some();
    let checked = {
        let (first, second) = (first.try_readonly()?, second.try_readonly()?);
        let winner = winner.as_ref().map(|codes| codes.as_slice()).transpose()?;
        let count = count.as_ref().map(|codes| codes.as_slice()).transpose()?;
        let times = times.as_ref().map(|times| times.as_slice()).transpose()?;
        let rows = check::Rows {
            first: first.as_slice()?,
            second: second.as_slice()?,
            winner,
            count,
            times,
        };
        let lengths = [
            Some(second.len()),
            winner.map(<[_]>::len),
            count.map(<[_]>::len),
            times.map(<[_]>::len),
        ];
        if lengths
            .into_iter()
            .flatten()
            .any(|length| length != first.len())
        {
            return Err(PyValueError::new_err(
                "all columns must have the same length",
            ));
        }
        let meaning = check::Meaning {
            outcomes,
            winner_names: winner_names
                .as_ref()
                .map(|codes| codes.as_slice())
                .transpose()?,
            counts: match &counts {
                Some(counts) => counts.as_slice()?,
                None => &[],
            },
            names,
            excluded,
        };
        if outcomes.is_empty() || (rows.count.is_some() && meaning.counts.is_empty()) {
            return Err(PyValueError::new_err(
                "a table lacks the entry for a missing value",
            ));
        }
        let many = rows.first.len();
        detached(py, || {
            on_threads_if_many(many, || check::check(rows, meaning))
        })?
    };
    let (first, second) = match checked.players {
        Some((first, second)) => (first.into_pyarray(py), second.into_pyarray(py)),
        None => (first, second),
    };
    Ok(CheckedRows {
        faults: checked.faults,
        unjudged: checked.unjudged,
        void: checked.void,
        excluded: checked.excluded,
        ties: checked.ties,
        both_bad: checked.both_bad,
        first: first.unbind(),
        second: second.unbind(),
        outcome: checked.outcome.into_pyarray(py).unbind(),
        count: has_counts.then(|| checked.count.into_pyarray(py).unbind()),
        rows: (checked.rows).map(|rows| rows.into_pyarray(py).unbind()),
        seen: checked.seen.into_pyarray(py).unbind(),
    })
}

/// Returns the codes of names, `NULL_CODE` for names that the interner does not contain.
#[pyfunction]
pub fn known_codes(interner: PyRef<'_, Interner>, names: Vec<String>) -> Vec<u32> {
    let known = |name: &String| interner.inner.get(name).unwrap_or(NULL_CODE);
    names.iter().map(known).collect()
}

/// Returns the names with the codes from `start` on.
#[pyfunction]
pub fn names_from(interner: PyRef<'_, Interner>, start: u32) -> Vec<String> {
    (start..interner.inner.len() as u32)
        .map(|code| interner.inner.name(code).to_owned())
        .collect()
}

/// Returns the codes of some fields of rows, which are tuples or lists of equal length. All of
/// these fields must be text.
#[pyfunction]
pub fn row_codes<'py>(
    py: Python<'py>,
    rows: &Bound<'py, PyList>,
    width: usize,
    columns: Vec<(usize, usize)>,
    mut interners: Vec<PyRefMut<'py, Interner>>,
) -> PyResult<Vec<Bound<'py, PyArray1<u32>>>> {
    let known = interners.len();
    if columns
        .iter()
        .any(|&(at, interner)| at >= width || interner >= known)
    {
        return Err(PyIndexError::new_err(
            "a column or interner index is out of range",
        ));
    }
    let mut out = vec![Vec::with_capacity(rows.len()); columns.len()];
    // No code that could free an object of a row runs here.
    let mut remembered: Vec<_> = columns.iter().map(|_| Remembered::default()).collect();
    for row in rows {
        let tuple = if let Ok(tuple) = row.cast::<PyTuple>() {
            tuple.clone()
        } else {
            row.cast::<PyList>()?.to_tuple()
        };
        if tuple.len() != width {
            return Err(UnusualError::new_err(
                "a row has the wrong number of fields",
            ));
        }
        for (number, &(at, interner)) in columns.iter().enumerate() {
            let value = tuple.get_borrowed_item(at)?;
            let code = remembered[number].code(&value, &mut interners[interner])?;
            out[number].push(code);
        }
    }
    Ok(out
        .into_iter()
        .map(|codes| codes.into_pyarray(py))
        .collect())
}
