//! Clusters of matches that are resampled as a whole.

use humorrank_core::resample;
use numpy::PyReadonlyArray1;
use pyo3::{exceptions::PyValueError, prelude::*};

use crate::{fit_data::FitData, work};

/// The matches of a field, grouped by clusters that are resampled as a whole.
#[pyclass(module = "humorrank._core", frozen)]
pub struct Clusters(pub resample::Clusters);

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
        py.detach(|| resample::Clusters::new(&field.pairs, rows))
            .map(Self)
            .map_err(|error| work::python_error(py, &error))
    }

    fn __len__(&self) -> usize {
        self.0.len()
    }
}
