//! Linear algebra of dense symmetric positive definite matrices in row-major order.

/// In-place Cholesky factorization of the upper triangle. It proceeds by rows, so that the inner
/// loops access memory contiguously.
pub fn factor(matrix: &mut [f64], n: usize) {
    for k in 0..n {
        let (above, below) = matrix.split_at_mut((k + 1) * n);
        let row = &mut above[k * n..];
        let pivot = row[k].sqrt();
        for value in &mut row[k..] {
            *value /= pivot;
        }
        for (offset, target) in below.chunks_exact_mut(n).enumerate() {
            let i = k + 1 + offset;
            let factor = row[i];
            for (target, value) in target[i..].iter_mut().zip(&row[i..]) {
                *target -= factor * value;
            }
        }
    }
}

/// Solves a linear system with the Cholesky factor, in place of the right-hand side.
pub fn substitute(factor: &[f64], right: &mut [f64]) {
    let n = right.len();
    for k in 0..n {
        let row = &factor[k * n..(k + 1) * n];
        right[k] /= row[k];
        let (solved, rest) = right.split_at_mut(k + 1);
        for (value, factor) in rest.iter_mut().zip(&row[k + 1..]) {
            *value -= factor * solved[k];
        }
    }
    for k in (0..n).rev() {
        let row = &factor[k * n..(k + 1) * n];
        let known = row[k + 1..]
            .iter()
            .zip(&right[k + 1..])
            .map(|(a, b)| a * b)
            .sum::<f64>();
        right[k] = (right[k] - known) / row[k];
    }
}

/// Inverts a matrix given by its upper triangle, in place, by Gauss-Jordan elimination. Pivoting is
/// not necessary for a positive definite matrix.
pub fn invert(matrix: &mut [f64], n: usize) {
    for i in 0..n {
        for j in 0..i {
            matrix[i * n + j] = matrix[j * n + i];
        }
    }
    let mut pivots = vec![0.0; n];
    for k in 0..n {
        let inverse = 1.0 / matrix[k * n + k];
        matrix[k * n + k] = 1.0;
        for value in &mut matrix[k * n..(k + 1) * n] {
            *value *= inverse;
        }
        pivots.copy_from_slice(&matrix[k * n..(k + 1) * n]);
        for (i, row) in matrix.chunks_exact_mut(n).enumerate() {
            if i != k {
                let factor = std::mem::take(&mut row[k]);
                for (value, pivot) in row.iter_mut().zip(&pivots) {
                    *value -= factor * pivot;
                }
            }
        }
    }
}
