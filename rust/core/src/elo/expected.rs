//! The expected score as a function of the rating difference.

/// The number of cells of the table per natural-log unit of strength.
const CELLS: f64 = 16.0;

/// The number of cells on each side of the middle one. Beyond them, at a difference of 37 units,
/// the probability is 0 or 1 to the last bit of a float.
const REACH: f64 = 37.0 * CELLS;

/// The number of terms of a series. The next term is below 1e-14.
const TERMS: usize = 7;

/// Padded to a power of two in each dimension, so that a mask keeps an index within bounds.
type Table = [[f64; TERMS.next_power_of_two()]; (2 * REACH as usize + 1).next_power_of_two()];

/// Taylor series of `1 / (1 + exp(-u))` around the middles of the cells of u.
static SERIES: Table = series();

/// The expected score against an opponent that is better by `difference` points.
///
/// The computation contains no division and nothing whose last bits depend on the platform, unlike
/// the exponential function.
#[inline]
pub fn expected(difference: f64) -> f64 {
    /// A float of this size has no fractional bits. Adding it rounds to an integer, which is then
    /// in the lowest bits, here counted from the first cell.
    const ROUNDING: f64 = ((1_u64 << 52) + (1 << 51)) as f64 + REACH;
    const CELLS_A_POINT: f64 = -crate::scale::STRENGTH * CELLS;
    let place = difference * CELLS_A_POINT;
    // In contrast to `clamp`, which preserves NaN, each of these compiles to one instruction.
    let place = if place > -REACH { place } else { -REACH };
    let place = if place < REACH { place } else { REACH };
    let shifted = place + ROUNDING;
    let h = (place - (shifted - ROUNDING)) * (1.0 / CELLS);
    let [a, b, c, d, e, f, g, _] = SERIES[shifted.to_bits() as usize & (SERIES.len() - 1)];
    let square = h * h;
    ((a + b * h) + square * (c + d * h)) + square * square * ((e + f * h) + square * g)
}

#[allow(clippy::large_stack_arrays, reason = "it is filled while compiling")]
const fn series() -> Table {
    // e^(1/CELLS) and its powers.
    const STEP: f64 = 1.064_494_458_917_859_4;
    let mut table: Table =
        [[0.0; TERMS.next_power_of_two()]; (2 * REACH as usize + 1).next_power_of_two()];
    let mut power = 1.0;
    let mut away = 0;
    while away <= REACH as usize {
        let lower = 1.0 / (1.0 + power);
        let higher = 1.0 - lower;
        table[REACH as usize - away] = taylor(lower, higher);
        table[REACH as usize + away] = taylor(higher, lower);
        power *= STEP;
        away += 1;
    }
    table
}

/// The Taylor series of the probability s around the point where s is `chance` and 1 - s is `rest`.
const fn taylor(chance: f64, rest: f64) -> [f64; TERMS.next_power_of_two()] {
    let mut series = [0.0; TERMS.next_power_of_two()];
    series[0] = chance;
    let mut term = 1;
    while term < TERMS {
        // The derivative is s (1 - s), so each coefficient follows from the previous ones.
        let mut product = series[term - 1] * rest;
        let mut other = 1;
        while other < term {
            product -= series[term - 1 - other] * series[other];
            other += 1;
        }
        series[term] = product / term as f64;
        term += 1;
    }
    series
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chances_are_those_of_the_logistic_function() {
        for step in -600_000..=600_000 {
            let difference = f64::from(step) * 0.0123;
            let truth = 1.0 / (1.0 + 10_f64.powf(difference / 400.0));
            let error = expected(difference) - truth;
            assert!(error.abs() < 1e-14, "{difference}: {error}");
            if difference.abs() < 6400.0 {
                assert!(error.abs() < 1e-12 * truth, "{difference}: {error}");
            }
        }
    }

    #[test]
    fn chances_beyond_the_table_are_certain() {
        for difference in [6500.0, 1e9, f64::MAX, f64::INFINITY] {
            assert!(expected(difference) < 1e-16);
            assert!(expected(-difference) > 1.0 - 2e-16);
        }
    }

    #[test]
    fn chances_of_both_sides_make_one() {
        for step in 0..10_000 {
            let difference = f64::from(step) * 0.7;
            let sum = expected(difference) + expected(-difference);
            assert!((sum - 1.0).abs() < 1e-14, "{difference}: {sum}");
        }
    }
}
