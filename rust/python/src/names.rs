//! The mapping from names to codes.

use arrow_array::{
    Array, ArrayRef, GenericStringArray, OffsetSizeTrait, StringViewArray,
    cast::AsArray,
    types::{
        ArrowDictionaryKeyType, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
        UInt32Type, UInt64Type,
    },
};
use arrow_schema::DataType;
use humorrank_core::{self as core, names::NULL_CODE};
use numpy::{IntoPyArray, PyArray1, PyArrayMethods};
use pyo3::{
    Borrowed,
    exceptions::{PyTypeError, PyValueError},
    ffi,
    prelude::*,
    types::{PyFloat, PyList, PyString, PyTuple},
};

use rayon::prelude::*;

use crate::{
    arrow,
    work::{detached, on_threads_if_many},
};

/// With fewer strings than this, a separate thread does not pay off.
const SHORTEST_PART: usize = 1 << 15;

/// The number of objects that are cached with their codes; a power of two.
const REMEMBERED: usize = 1 << 10;

/// A cache of the codes of objects. If there are few names, the same objects recur.
///
/// It may be used only with objects that live at least as long as the cache.
pub struct Remembered(Vec<(usize, u32)>);

impl Default for Remembered {
    fn default() -> Self {
        Self(vec![(0, 0); REMEMBERED])
    }
}

impl Remembered {
    /// The code of a string or of a missing value.
    #[inline]
    pub fn code(&mut self, value: &Bound<'_, PyAny>, interner: &mut Interner) -> PyResult<u32> {
        let address = value.as_ptr() as usize;
        let slot = &mut self.0[(address >> 4 ^ address >> 14) % REMEMBERED];
        if slot.0 != address {
            *slot = (address, interner.code_of(value)?);
        }
        Ok(slot.1)
    }
}

/// Assigns a code to each distinct string, in order of first appearance.
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
            // SAFETY: PyList_GetItem returns a borrowed object of the list or null, which panics
            // here. The list owns the object and can change only while Python code runs, which is
            // not the case while objects are encoded.
            let item = |place| unsafe {
                Borrowed::from_ptr(py, ffi::PyList_GetItem(list.as_ptr(), place as isize))
            };
            self.encode_objects((0..list.len()).map(item), &mut codes)?;
        } else if let Ok(tuple) = values.cast::<PyTuple>() {
            self.encode_objects(tuple.iter_borrowed(), &mut codes)?;
        } else if let Ok(array) = values.cast::<PyArray1<Py<PyAny>>>() {
            let array = array.readonly();
            let objects = array
                .as_slice()?
                .iter()
                .map(|object| object.bind_borrowed(py));
            self.encode_objects(objects, &mut codes)?;
        } else {
            let chunks = arrow::chunks(values)?;
            detached(py, || {
                let rows = chunks.iter().map(Array::len).sum();
                codes.reserve(rows);
                on_threads_if_many(rows, || self.encode_chunks(&chunks, &mut codes))
            })??;
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
    fn encode_objects<'a, 'py: 'a>(
        &mut self,
        values: impl ExactSizeIterator<Item = Borrowed<'a, 'py, PyAny>>,
        codes: &mut Vec<u32>,
    ) -> PyResult<()> {
        let mut remembered = Remembered::default();
        codes.reserve(values.len());
        for value in values {
            codes.push(remembered.code(&value, self)?);
        }
        Ok(())
    }

    /// The code of a string, or of None, NaN, or pandas' NA and `NaT`.
    fn code_of(&mut self, value: &Bound<'_, PyAny>) -> PyResult<u32> {
        // The test for exactly `str` is cheaper and nearly always succeeds.
        if let Ok(name) = value.cast_exact().or_else(|_| value.cast::<PyString>()) {
            return Ok(self.inner.intern(name.to_str()?));
        }
        let missing = value.is_none()
            || value
                .cast::<PyFloat>()
                .is_ok_and(|value| value.value().is_nan())
            || ["NAType", "NaTType"].contains(&&*value.get_type().name()?.to_cow()?);
        if missing {
            return Ok(NULL_CODE);
        }
        Err(PyTypeError::new_err(format!(
            "expected a string, got {}",
            value.get_type().name()?
        )))
    }

    /// Many rows are split into parts that are encoded concurrently with separate codes. The parts
    /// are then merged in order, which gives the same codes as a sequential encoding.
    fn encode_chunks(&mut self, chunks: &[ArrayRef], codes: &mut Vec<u32>) -> PyResult<()> {
        let rows: usize = chunks.iter().map(Array::len).sum();
        let most = rows / SHORTEST_PART;
        // Querying the number of threads starts them, which must not happen for a few rows.
        let parts = if most < 2 {
            most
        } else {
            rayon::current_num_threads().min(most)
        };
        let dictionary = |chunk: &ArrayRef| matches!(chunk.data_type(), DataType::Dictionary(..));
        if parts < 2 || chunks.iter().any(dictionary) {
            return chunks
                .iter()
                .try_for_each(|chunk| self.encode_array(chunk, codes));
        }
        let length = rows.div_ceil(parts);
        let encoded: Vec<(Self, Vec<u32>)> = cut(chunks, length)
            .into_par_iter()
            .map(|slices| {
                let (mut local, mut codes) = (Self::default(), Vec::with_capacity(length));
                for slice in slices {
                    local.encode_array(&slice, &mut codes)?;
                }
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
        codes.resize(begin + rows, NULL_CODE);
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

    fn encode_strings<O: OffsetSizeTrait>(
        &mut self,
        array: &GenericStringArray<O>,
        codes: &mut Vec<u32>,
    ) {
        codes.extend((0..array.len()).map(|row| {
            if array.is_null(row) {
                NULL_CODE
            } else {
                self.inner.intern(array.value(row))
            }
        }));
    }

    /// Equal views of the same array are equal strings. Short strings are stored in their view, and
    /// columns that were gathered or decoded from a dictionary contain each long string only once.
    fn encode_views(&mut self, array: &StringViewArray, codes: &mut Vec<u32>) {
        // The view of an empty entry. No string has this length.
        let mut remembered = vec![(u128::MAX, 0); REMEMBERED];
        codes.extend(array.views().iter().enumerate().map(|(row, &view)| {
            if array.is_null(row) {
                return NULL_CODE;
            }
            let mixed = (view as u64 ^ (view >> 64) as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15);
            let slot: &mut (u128, u32) =
                &mut remembered[(mixed >> (u64::BITS - REMEMBERED.ilog2())) as usize];
            if slot.0 != view {
                *slot = (view, self.inner.intern(array.value(row)));
            }
            slot.1
        }));
    }

    fn encode_array(&mut self, array: &ArrayRef, codes: &mut Vec<u32>) -> PyResult<()> {
        match array.data_type() {
            DataType::Utf8 => self.encode_strings(array.as_string::<i32>(), codes),
            DataType::LargeUtf8 => self.encode_strings(array.as_string::<i64>(), codes),
            DataType::Utf8View => self.encode_views(array.as_string_view(), codes),
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

    /// Looks up each distinct value once. Values that no row uses get no code.
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
        for row in 0..dictionary.len() {
            let position = match dictionary.key(row) {
                None => NULL_CODE,
                Some(key) => *positions.get(key).ok_or_else(|| {
                    PyValueError::new_err("an index of a dictionary column is out of range")
                })?,
            };
            codes.push(match known.get_mut(position as usize) {
                // The value is missing.
                None => NULL_CODE,
                Some(code) => {
                    *code.get_or_insert_with(|| self.inner.intern(local.inner.name(position)))
                }
            });
        }
        Ok(())
    }
}

/// The rows of all chunks in parts of the given length. The last part may be shorter.
fn cut(chunks: &[ArrayRef], length: usize) -> Vec<Vec<ArrayRef>> {
    let mut parts = vec![Vec::new()];
    let mut room = length;
    for chunk in chunks {
        let mut start = 0;
        while start < chunk.len() {
            if room == 0 {
                parts.push(Vec::new());
                room = length;
            }
            let taken = room.min(chunk.len() - start);
            if let Some(part) = parts.last_mut() {
                part.push(chunk.slice(start, taken));
            }
            start += taken;
            room -= taken;
        }
    }
    parts
}
