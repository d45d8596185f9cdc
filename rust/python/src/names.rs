//! Names to codes.

use arrow_array::{
    Array, ArrayRef,
    cast::AsArray,
    types::{
        ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_schema::DataType;
use humorrank_core as core;
use numpy::{IntoPyArray, PyArray1};
use pyo3::{
    exceptions::PyTypeError,
    prelude::*,
    types::{PyList, PyString, PyTuple},
};

use crate::arrow;

/// The code of a value that is missing.
pub const NULL_CODE: u32 = u32::MAX;

/// Gives each distinct string a code, in order of first appearance.
#[pyclass(module = "humorrank._core")]
#[derive(Default)]
pub struct Interner {
    pub inner: core::Interner,
}

#[pymethods]
impl Interner {
    #[new]
    fn new() -> Self {
        Self::default()
    }

    fn encode<'py>(
        &mut self,
        py: Python<'py>,
        values: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyArray1<u32>>> {
        let mut codes = Vec::with_capacity(values.len().unwrap_or(0));
        if let Ok(list) = values.cast::<PyList>() {
            self.encode_objects(list.iter(), &mut codes)?;
        } else if let Ok(tuple) = values.cast::<PyTuple>() {
            self.encode_objects(tuple.iter(), &mut codes)?;
        } else {
            let chunks = arrow::chunks(values)?;
            py.detach(|| {
                chunks
                    .iter()
                    .try_for_each(|chunk| self.encode_array(chunk, &mut codes))
            })?;
        }
        Ok(codes.into_pyarray(py))
    }

    #[getter]
    fn names(&self) -> Vec<&str> {
        (0..self.inner.len() as u32)
            .map(|code| self.inner.name(code))
            .collect()
    }

    fn __len__(&self) -> usize {
        self.inner.len()
    }
}

impl Interner {
    fn encode_objects<'py>(
        &mut self,
        values: impl Iterator<Item = Bound<'py, PyAny>>,
        codes: &mut Vec<u32>,
    ) -> PyResult<()> {
        for (index, value) in values.enumerate() {
            codes.push(if let Ok(name) = value.cast::<PyString>() {
                self.inner.intern(name.to_str()?)
            } else if value.is_none() {
                NULL_CODE
            } else {
                return Err(PyTypeError::new_err(format!(
                    "value {index} is not a string but {}",
                    value.get_type().name()?
                )));
            });
        }
        Ok(())
    }

    fn encode_strings<'a>(
        &mut self,
        values: impl Iterator<Item = Option<&'a str>>,
        codes: &mut Vec<u32>,
    ) {
        codes.extend(values.map(|value| value.map_or(NULL_CODE, |name| self.inner.intern(name))));
    }

    fn encode_array(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) -> PyResult<()> {
        match array.data_type() {
            DataType::Utf8 => self.encode_strings(array.as_string::<i32>().iter(), codes),
            DataType::LargeUtf8 => self.encode_strings(array.as_string::<i64>().iter(), codes),
            DataType::Utf8View => self.encode_strings(array.as_string_view().iter(), codes),
            DataType::Null => codes.extend(std::iter::repeat_n(NULL_CODE, array.len())),
            DataType::Dictionary(key, _) => match **key {
                DataType::Int8 => self.encode_dictionary::<Int8Type>(array, codes)?,
                DataType::Int16 => self.encode_dictionary::<Int16Type>(array, codes)?,
                DataType::Int32 => self.encode_dictionary::<Int32Type>(array, codes)?,
                DataType::Int64 => self.encode_dictionary::<Int64Type>(array, codes)?,
                DataType::UInt8 => self.encode_dictionary::<UInt8Type>(array, codes)?,
                DataType::UInt16 => self.encode_dictionary::<UInt16Type>(array, codes)?,
                DataType::UInt32 => self.encode_dictionary::<UInt32Type>(array, codes)?,
                _ => self.encode_dictionary::<UInt64Type>(array, codes)?,
            },
            other => {
                return Err(PyTypeError::new_err(format!(
                    "expected strings, got a column of type {other}"
                )));
            }
        }
        Ok(())
    }

    /// Looks each distinct value up once. Values that no row uses get no code.
    fn encode_dictionary<K: ArrowDictionaryKeyType>(
        &mut self,
        array: &ArrayRef,
        codes: &mut Vec<u32>,
    ) -> PyResult<()> {
        let dictionary = array.as_dictionary::<K>();
        let mut local = Self::default();
        let mut positions = Vec::with_capacity(dictionary.values().len());
        local.encode_array(dictionary.values(), &mut positions)?;
        let mut known = vec![None; local.inner.len()];
        codes.extend((0..dictionary.len()).map(|row| {
            let position = dictionary.key(row).map_or(NULL_CODE, |key| positions[key]);
            if position == NULL_CODE {
                return NULL_CODE;
            }
            *known[position as usize]
                .get_or_insert_with(|| self.inner.intern(local.inner.name(position)))
        }));
        Ok(())
    }
}
