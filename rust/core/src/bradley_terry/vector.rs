//! Vectors of strengths and steps.

use crate::POINTS;

/// Shifts the values to mean 0.
pub fn centre(values: &mut [f64]) {
    let mean = values.iter().sum::<f64>() / values.len().max(1) as f64;
    for value in values {
        *value -= mean;
    }
}

/// The largest absolute value; NaN if any value is NaN.
pub fn largest(values: &[f64]) -> f64 {
    values.iter().fold(0.0, |max: f64, value| {
        if value.abs() > max || value.is_nan() {
            value.abs()
        } else {
            max
        }
    })
}

/// The length of a step in rating points.
pub fn in_points(step: &[f64]) -> f64 {
    largest(step) * POINTS
}
