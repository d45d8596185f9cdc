//! A compact column of points.

use std::ops::Range;

/// The points won in each pair.
#[derive(Clone, Debug, PartialEq)]
pub enum PointColumn {
    /// Twice the points, if these are integers below 2^16, as in most large fields. This needs a
    /// quarter of the memory and of the time to read it.
    Halves(Vec<u16>),
    /// Arbitrary points.
    Any(Vec<f64>),
}

/// A writable part of a column.
pub enum PointsMut<'a> {
    /// A part of [`PointColumn::Halves`].
    Halves(&'a mut [u16]),
    /// A part of [`PointColumn::Any`].
    Any(&'a mut [f64]),
}

/// The most points that [`PointColumn::Halves`] can hold.
pub const MOST_HALVES: f64 = u16::MAX as f64 / 2.0;

impl PointColumn {
    /// Returns a column of `length` zeros.
    #[must_use]
    pub fn zeros(length: usize, halves: bool) -> Self {
        if halves {
            Self::Halves(vec![0; length])
        } else {
            Self::Any(vec![0.0; length])
        }
    }

    /// Returns an empty column of the same variant as `like`, with capacity for `length` numbers.
    #[must_use]
    pub fn with_room(like: &Self, length: usize) -> Self {
        match like {
            Self::Halves(_) => Self::Halves(Vec::with_capacity(length)),
            Self::Any(_) => Self::Any(Vec::with_capacity(length)),
        }
    }

    /// The points of a pair.
    #[inline]
    #[must_use]
    pub fn get(&self, pair: usize) -> f64 {
        match self {
            Self::Halves(halves) => f64::from(halves[pair]) / 2.0,
            Self::Any(points) => points[pair],
        }
    }

    /// Iterates over the points of all pairs.
    pub fn iter(&self) -> impl Iterator<Item = f64> + '_ {
        let length = match self {
            Self::Halves(halves) => halves.len(),
            Self::Any(points) => points.len(),
        };
        (0..length).map(|pair| self.get(pair))
    }

    /// Returns the points of a range of pairs, using `room` as a buffer if necessary.
    #[inline]
    pub fn of<'a>(&'a self, pairs: Range<usize>, room: &'a mut [f64]) -> &'a [f64] {
        match self {
            Self::Halves(halves) => {
                let room = &mut room[..pairs.len()];
                for (out, &halves) in room.iter_mut().zip(&halves[pairs]) {
                    *out = f64::from(halves) / 2.0;
                }
                room
            }
            Self::Any(points) => &points[pairs],
        }
    }

    /// Converts the column to [`PointColumn::Any`] if necessary, and returns its points.
    pub fn as_any(&mut self) -> &mut Vec<f64> {
        if let Self::Halves(_) = self {
            *self = Self::Any(self.iter().collect());
        }
        match self {
            Self::Any(points) => points,
            Self::Halves(_) => unreachable!("the column was converted above"),
        }
    }

    /// Appends the points of a pair, which the variant of the column must be able to hold.
    pub fn push(&mut self, points: f64) {
        match self {
            Self::Halves(halves) => halves.push((2.0 * points) as u16),
            Self::Any(all) => all.push(points),
        }
    }

    /// Removes all points but keeps the allocated memory.
    pub fn clear(&mut self) {
        match self {
            Self::Halves(halves) => halves.clear(),
            Self::Any(points) => points.clear(),
        }
    }

    /// Returns the whole column as writable.
    pub fn as_mut(&mut self) -> PointsMut<'_> {
        match self {
            Self::Halves(halves) => PointsMut::Halves(halves),
            Self::Any(points) => PointsMut::Any(points),
        }
    }
}

impl PointsMut<'_> {
    /// Splits off the first `length` points.
    #[must_use]
    pub fn split_off(&mut self, length: usize) -> Self {
        match self {
            Self::Halves(halves) => {
                Self::Halves(halves.split_off_mut(..length).unwrap_or_default())
            }
            Self::Any(points) => Self::Any(points.split_off_mut(..length).unwrap_or_default()),
        }
    }

    /// Sets the points of a pair, which the variant of the column must be able to hold.
    #[inline]
    pub fn set(&mut self, pair: usize, points: f64) {
        match self {
            Self::Halves(halves) => halves[pair] = (2.0 * points) as u16,
            Self::Any(all) => all[pair] = points,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_kinds_hold_the_same() {
        let points = [0.0, 0.5, 1.0, 17.5, MOST_HALVES];
        let columns = [true, false].map(|halves| {
            let mut column = PointColumn::zeros(points.len(), halves);
            let mut all = column.as_mut();
            let mut first = all.split_off(2);
            first.set(0, points[0]);
            first.set(1, points[1]);
            (2..5).for_each(|pair| all.set(pair - 2, points[pair]));
            column
        });
        for column in columns {
            assert_eq!(column.iter().collect::<Vec<_>>(), points);
            assert_eq!(column.of(1..4, &mut [0.0; 3]), &points[1..4]);
            let mut again = PointColumn::with_room(&column, 5);
            column.iter().for_each(|points| again.push(points));
            assert_eq!(again, column);
            assert_eq!(again.as_any(), &points);
        }
    }
}
