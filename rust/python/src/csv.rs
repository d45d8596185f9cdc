//! Strict reading of delimited text, a chunk of columns at a time.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use arrow_array::{Array, LargeStringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use humorrank_files::csv as core;
use numpy::{IntoPyArray, PyArray1};
use pyo3::{
    create_exception,
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::PyTuple,
};

use crate::arrow;

create_exception!(
    humorrank._core,
    CsvError,
    PyValueError,
    "A delimited text that cannot be read: args are the line (or None) and what is wrong, then \
     \"ragged\" where only a record has another length and reading can go on."
);

fn python_error(error: core::CsvError) -> PyErr {
    if error.ragged {
        CsvError::new_err((error.line, error.message, "ragged"))
    } else {
        CsvError::new_err((error.line, error.message))
    }
}

/// A column of strings that speaks the Arrow `PyCapsule` interface.
#[pyclass(module = "humorrank._core", frozen)]
pub struct StringColumn {
    array: LargeStringArray,
}

#[pymethods]
impl StringColumn {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // A producer may ignore a wish for another type; consumers cast.
        let _ = requested_schema;
        arrow::export(py, &self.array)
    }

    fn __len__(&self) -> usize {
        self.array.len()
    }
}

impl StringColumn {
    fn new(column: core::TextColumn) -> PyResult<Self> {
        let offsets = OffsetBuffer::new(ScalarBuffer::from(column.offsets));
        LargeStringArray::try_new(offsets, Buffer::from_vec(column.text.into_bytes()), None)
            .map(|array| Self { array })
            .map_err(|error| PyValueError::new_err(error.to_string()))
    }
}

/// Reads a delimited text in chunks.
#[pyclass(module = "humorrank._core")]
pub struct CsvReader {
    header: Vec<String>,
    /// Never contended: it only says that one thread at a time reads.
    reader: Mutex<core::CsvReader>,
}

#[pymethods]
impl CsvReader {
    #[new]
    #[pyo3(signature = (path, *, delimiter=',', quote=true, has_header=true, compression="none"))]
    fn new(
        py: Python<'_>,
        path: PathBuf,
        delimiter: char,
        quote: bool,
        has_header: bool,
        compression: &str,
    ) -> PyResult<Self> {
        let dialect = core::Dialect {
            delimiter: u8::try_from(delimiter)
                .map_err(|_| PyValueError::new_err("the delimiter must be one byte"))?,
            quote,
            has_header,
        };
        let compression = match compression {
            "none" => core::Compression::None,
            "gzip" => core::Compression::Gzip,
            "zstd" => core::Compression::Zstd,
            other => {
                return Err(PyValueError::new_err(format!(
                    "compression is none, gzip or zstd, not {other:?}"
                )));
            }
        };
        py.detach(|| core::CsvReader::open(&path, dialect, compression))
            .map(|reader| Self {
                header: reader.header().to_vec(),
                reader: Mutex::new(reader),
            })
            .map_err(python_error)
    }

    #[getter]
    fn header(&self) -> Vec<String> {
        self.header.clone()
    }

    #[allow(
        clippy::type_complexity,
        reason = "a pair is clearer than a name for it"
    )]
    fn read<'py>(
        &mut self,
        py: Python<'py>,
        columns: Vec<usize>,
        rows: usize,
    ) -> PyResult<Option<(Vec<StringColumn>, Bound<'py, PyArray1<u64>>)>> {
        let width = self.header.len();
        if let Some(beyond) = columns.iter().find(|&&column| column >= width) {
            return Err(PyIndexError::new_err(format!(
                "there is no column {beyond}"
            )));
        }
        let reader = self
            .reader
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let chunk = py
            .detach(|| reader.read(&columns, rows))
            .map_err(python_error)?;
        let Some(chunk) = chunk else {
            return Ok(None);
        };
        let columns = chunk
            .columns
            .into_iter()
            .map(StringColumn::new)
            .collect::<PyResult<_>>()?;
        Ok(Some((columns, chunk.lines.into_pyarray(py))))
    }
}
