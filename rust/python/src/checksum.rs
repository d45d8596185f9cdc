//! Checksums of the rows of a store.

use std::cmp::Ordering;

use humorrank_core::checksum::{self, RowHash, Value};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyFloat, PyInt, PyList, PyString, PyTuple},
};

/// The number and the checksum of the rows of a table.
#[pyclass(module = "humorrank._core")]
#[derive(Default)]
pub struct Checksum {
    inner: checksum::Checksum,
    last: Option<Py<PyTuple>>,
}

#[pymethods]
impl Checksum {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    #[getter]
    fn rows(&self) -> i64 {
        self.inner.rows
    }

    #[getter]
    fn sum(&self) -> i64 {
        self.inner.sum as i64
    }

    fn take(&mut self) -> (i64, i64) {
        let taken = std::mem::take(&mut self.inner);
        (taken.rows, taken.sum as i64)
    }

    #[pyo3(signature = (*row))]
    fn add(&mut self, row: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.inner.add(hash(row)?);
        Ok(())
    }

    #[pyo3(signature = (*row))]
    fn remove(&mut self, row: &Bound<'_, PyTuple>) -> PyResult<()> {
        self.inner.remove(hash(row)?);
        Ok(())
    }

    fn add_rows(&mut self, rows: &Bound<'_, PyList>, key: usize) -> PyResult<bool> {
        let mut ordered = true;
        let mut last = self.last.take().map(|row| row.into_bound(rows.py()));
        for row in rows.iter() {
            let row = row.cast_into::<PyTuple>()?;
            self.inner.add(hash(&row)?);
            if let Some(last) = &last {
                ordered &= order(last, &row, key)? == Ordering::Less;
            }
            last = Some(row);
        }
        self.last = last.map(Bound::unbind);
        Ok(ordered)
    }
}

fn hash(row: &Bound<'_, PyTuple>) -> PyResult<RowHash> {
    let mut hash = RowHash::default();
    for value in row.iter_borrowed() {
        hash.push(value_of(&value)?);
    }
    Ok(hash)
}

fn order(one: &Bound<'_, PyTuple>, two: &Bound<'_, PyTuple>, key: usize) -> PyResult<Ordering> {
    for (one, two) in one.iter_borrowed().zip(two.iter_borrowed()).take(key) {
        let order = value_of(&one)?.order(value_of(&two)?);
        if order != Ordering::Equal {
            return Ok(order);
        }
    }
    Ok(Ordering::Equal)
}

fn value_of<'a>(value: &'a Bound<'_, PyAny>) -> PyResult<Value<'a>> {
    if let Ok(number) = value.cast::<PyInt>() {
        Ok(Value::Integer(number.extract()?))
    } else if let Ok(number) = value.cast::<PyFloat>() {
        Ok(Value::Real(number.value()))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Value::Text(text.to_str()?))
    } else if value.is_none() {
        Ok(Value::Null)
    } else {
        Err(PyTypeError::new_err("a row holds numbers and texts"))
    }
}
