//! Batches of columns of any type from Parquet and Arrow IPC files, and checks of Arrow data.

use std::{
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use arrow_array::{Array, StructArray};
use arrow_schema::{DataType, Field, Schema};
use humorrank_files::{
    guarded,
    tables::{Batches, Format, Table, supported},
};
use pyo3::{
    create_exception,
    exceptions::PyValueError,
    prelude::*,
    types::{PyDict, PyTuple},
};

use crate::{
    arrow,
    work::{detached, on_threads},
};

create_exception!(
    humorrank._core,
    DamagedError,
    PyValueError,
    "A file or Arrow data that cannot be read. The message states why."
);

fn python_error(error: &humorrank_files::Unusual) -> PyErr {
    DamagedError::new_err(error.to_string())
}

/// A Parquet or Arrow IPC file.
#[pyclass(module = "humorrank._core", frozen)]
pub struct TableFile(Table);

#[pymethods]
impl TableFile {
    #[new]
    fn new(py: Python<'_>, path: PathBuf, format: &str) -> PyResult<Self> {
        let format = match format {
            "Parquet" => Format::Parquet,
            "Arrow IPC" => Format::IpcFile,
            "Arrow IPC stream" => Format::IpcStream,
            other => return Err(PyValueError::new_err(format!("unknown format {other:?}"))),
        };
        detached(py, || Table::open(&path, format))?
            .map(Self)
            .map_err(|error| python_error(&error))
    }

    #[getter]
    fn columns(&self) -> Vec<&str> {
        let fields = self.0.schema().fields();
        fields.iter().map(|field| field.name().as_str()).collect()
    }

    #[getter]
    fn metadata<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let metadata = PyDict::new(py);
        for (key, value) in self.0.metadata() {
            metadata.set_item(key, value)?;
        }
        Ok(metadata)
    }

    fn empty(&self, column: usize) -> PyResult<ArrowBatch> {
        (self.0.empty(column))
            .map(|batch| ArrowBatch(batch.into()))
            .map_err(|error| python_error(&error))
    }

    fn read(&self, py: Python<'_>, columns: Vec<usize>, rows: usize) -> PyResult<TableBatches> {
        if rows == 0 || columns.is_empty() {
            return Err(PyValueError::new_err("there must be columns and rows"));
        }
        detached(py, || on_threads(None, || self.0.read(&columns, rows)))?
            .map(|batches| TableBatches(Mutex::new(batches)))
            .map_err(|error| python_error(&error))
    }
}

/// The batches of a file, in order.
#[pyclass(module = "humorrank._core")]
pub struct TableBatches(
    /// Never contended. The mutex only guarantees that one thread at a time reads.
    Mutex<Batches>,
);

#[pymethods]
impl TableBatches {
    fn __iter__(slf: PyRef<'_, Self>) -> PyRef<'_, Self> {
        slf
    }

    fn __next__(&mut self, py: Python<'_>) -> PyResult<Option<ArrowBatch>> {
        let batches = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        detached(py, || on_threads(None, || batches.next_batch()))?
            .map(|batch| batch.map(|batch| ArrowBatch(batch.into())))
            .map_err(|error| python_error(&error))
    }
}

/// Rows of several columns that implement the Arrow `PyCapsule` interface.
#[pyclass(module = "humorrank._core", frozen)]
pub struct ArrowBatch(StructArray);

#[pymethods]
impl ArrowBatch {
    #[pyo3(signature = (requested_schema=None))]
    fn __arrow_c_array__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyTuple>> {
        // A producer may ignore a request for another type, in which case the consumer casts.
        let _ = requested_schema;
        arrow::export(py, &self.0)
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}

/// Checks Arrow data of another library: lengths, offsets, indices and UTF-8.
#[pyfunction]
pub fn check_arrow(py: Python<'_>, values: &Bound<'_, PyAny>) -> PyResult<()> {
    let chunks = arrow::chunks(values)?;
    detached(py, || {
        guarded(|| {
            for chunk in &chunks {
                supported(&match chunk.data_type() {
                    DataType::Struct(fields) => Schema::new(fields.clone()),
                    other => Schema::new(vec![Field::new("", other.clone(), true)]),
                })?;
                chunk.to_data().validate_full()?;
            }
            Ok(())
        })
    })?
    .map_err(|error| python_error(&error))
}
