//! Names to codes.

use std::{
    collections::HashMap,
    hash::{BuildHasherDefault, Hasher},
};

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

use rayon::prelude::*;

use crate::{arrow, work::on_threads_if_many};

/// The code of a value that is missing.
pub const NULL_CODE: u32 = u32::MAX;

/// Below this many strings a thread of its own is not worth its start.
const SHORTEST_PART: usize = 1 << 15;

/// Addresses are even enough as they are, but for their low bits.
#[derive(Default)]
struct AddressHasher(u64);

impl Hasher for AddressHasher {
    fn write(&mut self, _: &[u8]) {}

    fn write_usize(&mut self, address: usize) {
        self.0 = (address as u64)
            .wrapping_mul(0x9E37_79B9_7F4A_7C15)
            .rotate_left(26);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

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
        let mut codes = Vec::new();
        if let Ok(list) = values.cast::<PyList>() {
            self.encode_objects(list.iter(), &mut codes)?;
        } else if let Ok(tuple) = values.cast::<PyTuple>() {
            self.encode_objects(tuple.iter(), &mut codes)?;
        } else {
            let chunks = arrow::chunks(values)?;
            py.detach(|| {
                let rows = chunks.iter().map(Array::len).sum();
                codes.reserve(rows);
                on_threads_if_many(rows, || {
                    chunks
                        .iter()
                        .try_for_each(|chunk| self.encode_chunk(chunk, &mut codes))
                })
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
        // The same object is met again and again where names are few.
        let mut seen: HashMap<usize, u32, BuildHasherDefault<AddressHasher>> = HashMap::default();
        for (index, value) in values.enumerate() {
            let address = value.as_ptr() as usize;
            if let Some(&code) = seen.get(&address) {
                codes.push(code);
                continue;
            }
            let code = if let Ok(name) = value.cast::<PyString>() {
                self.inner.intern(name.to_str()?)
            } else if value.is_none() {
                NULL_CODE
            } else {
                return Err(PyTypeError::new_err(format!(
                    "value {index} is not a string but {}",
                    value.get_type().name()?
                )));
            };
            // Objects stay where they are while their list is held, which it is throughout.
            if seen.len() < 1 << 16 {
                seen.insert(address, code);
            }
            codes.push(code);
        }
        Ok(())
    }

    /// Long chunks are cut into parts that are encoded at once, each with codes of its own,
    /// which are then brought together in the order of the parts: the codes are the same.
    fn encode_chunk(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) -> PyResult<()> {
        let parts = rayon::current_num_threads().min(array.len() / SHORTEST_PART);
        if parts < 2 || matches!(array.data_type(), DataType::Dictionary(..)) {
            return self.encode_array(array, codes);
        }
        let length = array.len().div_ceil(parts);
        let encoded: Vec<(Self, Vec<u32>)> = (0..parts)
            .into_par_iter()
            .map(|part| {
                let start = part * length;
                let slice = array.slice(start, length.min(array.len() - start));
                let (mut local, mut codes) = (Self::default(), Vec::with_capacity(length));
                local.encode_array(&slice, &mut codes)?;
                Ok((local, codes))
            })
            .collect::<PyResult<_>>()?;
        let maps: Vec<Vec<u32>> = encoded
            .iter()
            .map(|(local, _)| {
                (0..local.inner.len() as u32)
                    .map(|code| self.inner.intern(local.inner.name(code)))
                    .collect()
            })
            .collect();
        let begin = codes.len();
        codes.resize(begin + array.len(), NULL_CODE);
        codes[begin..]
            .par_chunks_mut(length)
            .zip(encoded)
            .zip(maps)
            .for_each(|((out, (_, local)), map)| {
                for (out, code) in out.iter_mut().zip(local) {
                    *out = map.get(code as usize).copied().unwrap_or(NULL_CODE);
                }
            });
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
