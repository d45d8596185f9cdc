//! Import and export of strings through the Arrow C data interface, without copies.

use arrow_array::{
    Array, ArrayRef,
    ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi},
    ffi_stream::{ArrayStreamReader, FFI_ArrowArrayStream},
    make_array,
};
use humorrank_files::guarded;
use pyo3::{
    exceptions::{PyTypeError, PyValueError},
    prelude::*,
    types::{PyCapsule, PyTuple},
};

/// Moves the struct out of a capsule of the given name, leaving an empty, released struct.
fn take<T>(capsule: &Bound<'_, PyAny>, name: &'static std::ffi::CStr, empty: T) -> PyResult<T> {
    let capsule = capsule.cast::<PyCapsule>()?;
    let pointer = capsule.pointer_checked(Some(name))?.cast::<T>();
    // SAFETY: the PyCapsule interface promises that a capsule of this name points to a
    // struct of this type, which the consumer moves out, leaving a released one.
    Ok(unsafe { std::mem::replace(&mut *pointer.as_ptr(), empty) })
}

/// The chunks of an object that implements the Arrow `PyCapsule` interface.
pub fn chunks(values: &Bound<'_, PyAny>) -> PyResult<Vec<ArrayRef>> {
    if values.hasattr("__arrow_c_stream__")? {
        let capsule = values.call_method0("__arrow_c_stream__")?;
        let stream = take(
            &capsule,
            c"arrow_array_stream",
            FFI_ArrowArrayStream::empty(),
        )?;
        return guarded(|| Ok(ArrayStreamReader::try_new(stream)?.collect::<Result<_, _>>()?))
            .map_err(|error| PyValueError::new_err(error.to_string()));
    }
    if values.hasattr("__arrow_c_array__")? {
        let capsules = values
            .call_method0("__arrow_c_array__")?
            .cast_into::<PyTuple>()?;
        let schema = take(
            &capsules.get_item(0)?,
            c"arrow_schema",
            FFI_ArrowSchema::empty(),
        )?;
        let array = take(
            &capsules.get_item(1)?,
            c"arrow_array",
            FFI_ArrowArray::empty(),
        )?;
        return Ok(vec![import(array, &schema)?]);
    }
    Err(PyTypeError::new_err(format!(
        "expected a list of strings or an Arrow string column, got {}",
        values.get_type().name()?
    )))
}

fn import(array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> PyResult<ArrayRef> {
    guarded(|| {
        // SAFETY: both structs were just handed over by a producer of the Arrow C interface,
        // which promises that they describe each other.
        let data = unsafe { from_ffi(array, schema) }?;
        Ok(make_array(data))
    })
    .map_err(|error| PyValueError::new_err(error.to_string()))
}

/// Exports an array as the pair of capsules that `__arrow_c_array__` returns.
pub fn export<'py>(py: Python<'py>, array: &dyn Array) -> PyResult<Bound<'py, PyTuple>> {
    let (array, schema) =
        to_ffi(&array.to_data()).map_err(|error| PyValueError::new_err(error.to_string()))?;
    let schema = PyCapsule::new_with_value(py, schema, c"arrow_schema")?;
    let array = PyCapsule::new_with_value(py, array, c"arrow_array")?;
    PyTuple::new(py, [schema.into_any(), array.into_any()])
}
