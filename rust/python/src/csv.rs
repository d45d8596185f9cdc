//! Strict reading of delimited text in chunks of columns.

use std::{
    io::{self, Read},
    path::PathBuf,
    sync::{Arc, Mutex, PoisonError},
};

use arrow_array::{Array, LargeStringArray};
use arrow_buffer::{Buffer, OffsetBuffer, ScalarBuffer};
use humorrank_files::csv as core;
use numpy::{IntoPyArray, PyArray1};
use pyo3::{
    create_exception,
    exceptions::{PyIndexError, PyValueError},
    prelude::*,
    types::{PyBytes, PyList, PyTuple},
};

use crate::{arrow, work::detached};

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

/// A column of strings that implements the Arrow `PyCapsule` interface.
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
        // A producer may ignore a request for another type, in which case the consumer casts.
        let _ = requested_schema;
        arrow::export(py, &self.array)
    }

    fn to_list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, (0..self.array.len()).map(|row| self.array.value(row)))
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

/// The exception that a Python object raised while it was read.
type Raised = Arc<Mutex<Option<PyErr>>>;

/// A Python object with a method `read(size)`, which may run signal handlers.
struct Stream {
    object: Py<PyAny>,
    raised: Raised,
}

impl Read for Stream {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        Python::attach(|py| {
            let chunk = self.object.bind(py).call_method1("read", (into.len(),))?;
            let bytes = chunk.extract::<&[u8]>()?;
            let Some(into) = into.get_mut(..bytes.len()) else {
                return Err(PyValueError::new_err(
                    "read() returned more bytes than requested",
                ));
            };
            into.copy_from_slice(bytes);
            Ok(bytes.len())
        })
        .map_err(|error| {
            *self.raised.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            io::Error::other("the stream raised an error")
        })
    }
}

/// The exception that the stream raised, or else the error in the text.
fn raise(raised: &Raised, error: core::CsvError) -> PyErr {
    let raised = raised.lock().unwrap_or_else(PoisonError::into_inner).take();
    raised.unwrap_or_else(|| python_error(error))
}

/// The content of a file or of a Python object with a method `read(size)`.
fn unpacked(
    source: &Bound<'_, PyAny>,
    compression: &str,
    raised: &Raised,
) -> PyResult<Box<dyn Read + Send>> {
    let compression = match compression {
        "none" => core::Compression::None,
        "gzip" => core::Compression::Gzip,
        "zstd" => core::Compression::Zstd,
        other => {
            return Err(PyValueError::new_err(format!(
                "compression must be none, gzip or zstd, not {other:?}"
            )));
        }
    };
    let packed: Box<dyn Read + Send> = if source.hasattr("read")? {
        Box::new(Stream {
            object: source.clone().unbind(),
            raised: Arc::clone(raised),
        })
    } else {
        core::open(&source.extract::<PathBuf>()?).map_err(python_error)?
    };
    core::unpacked(packed, compression).map_err(python_error)
}

/// Reads the content of a compressed file or stream.
#[pyclass(module = "humorrank._core")]
pub struct Unpacked {
    /// Never contended, as in [`CsvReader`].
    bytes: Mutex<Box<dyn Read + Send>>,
    raised: Raised,
}

#[pymethods]
impl Unpacked {
    #[new]
    fn new(source: &Bound<'_, PyAny>, compression: &str) -> PyResult<Self> {
        let raised = Raised::default();
        Ok(Self {
            bytes: Mutex::new(unpacked(source, compression, &raised)?),
            raised,
        })
    }

    fn read<'py>(&mut self, py: Python<'py>, size: usize) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = self.bytes.get_mut().unwrap_or_else(PoisonError::into_inner);
        let mut out = Vec::new();
        py.detach(|| bytes.take(size as u64).read_to_end(&mut out))
            .map_err(|error| raise(&self.raised, error.into()))?;
        Ok(PyBytes::new(py, &out))
    }
}

/// Reads delimited text in chunks.
#[pyclass(module = "humorrank._core")]
pub struct CsvReader {
    header: Vec<String>,
    /// Never contended. The mutex only guarantees that one thread at a time reads.
    reader: Mutex<core::CsvReader>,
    raised: Raised,
}

#[pymethods]
impl CsvReader {
    #[new]
    #[pyo3(signature = (source, *, delimiter=',', quote=true, has_header=true, compression="none"))]
    fn new(
        py: Python<'_>,
        source: &Bound<'_, PyAny>,
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
        let raised = Raised::default();
        let bytes = unpacked(source, compression, &raised)?;
        detached(py, || core::CsvReader::new(bytes, dialect))?
            .map_err(|error| raise(&raised, error))
            .map(|reader| Self {
                header: reader.header().to_vec(),
                reader: Mutex::new(reader),
                raised,
            })
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
                "column index {beyond} is out of range"
            )));
        }
        let reader = self
            .reader
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        let chunk = detached(py, || reader.read(&columns, rows))?
            .map_err(|error| raise(&self.raised, error))?;
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
