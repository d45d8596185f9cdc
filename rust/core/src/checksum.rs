//! A checksum of the rows of a table that does not depend on their order.
//!
//! It is the sum of a hash of each row modulo 2^64, so a row can be added and removed without
//! reading the others. It detects damage, but not forgery: whoever can change a row can also change
//! the checksum.

use std::cmp::Ordering;

const GOLDEN: u64 = 0x9E37_79B9_7F4A_7C15;

/// A value of a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// No value.
    Null,
    /// A whole number.
    Integer(i64),
    /// A number. The two zeros are equal, because `SQLite` stores only one of them.
    Real(f64),
    /// A text.
    Text(&'a str),
}

impl Value<'_> {
    fn kind(self) -> u64 {
        match self {
            Value::Null => 0,
            Value::Integer(_) => 1,
            Value::Real(_) => 2,
            Value::Text(_) => 3,
        }
    }

    /// Compares two values as a primary key of `SQLite` does. Values of different kinds are ordered
    /// by kind.
    #[must_use]
    pub fn order(self, other: Value<'_>) -> Ordering {
        match (self, other) {
            (Value::Integer(one), Value::Integer(two)) => one.cmp(&two),
            (Value::Real(one), Value::Real(two)) => one.total_cmp(&two),
            (Value::Text(one), Value::Text(two)) => one.cmp(two),
            _ => self.kind().cmp(&other.kind()),
        }
    }
}

/// The hash of a row, to which its values are added from left to right.
///
/// Each word is mixed in by the finalizer of `SplitMix64` [SLF14]: the kind of the value, and then
/// the value. A text is its length in bytes, followed by its bytes in words of 8 bytes, of which the
/// last is filled with zeros.
#[derive(Clone, Copy, Debug, Default)]
pub struct RowHash(u64);

impl RowHash {
    fn mix(&mut self, word: u64) {
        let mut state = (self.0 ^ word).wrapping_add(GOLDEN);
        state = (state ^ (state >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        state = (state ^ (state >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        self.0 = state ^ (state >> 31);
    }

    /// Adds the next value of the row.
    pub fn push(&mut self, value: Value<'_>) {
        self.mix(value.kind());
        match value {
            Value::Null => {}
            Value::Integer(number) => self.mix(number as u64),
            // Adding zero turns the negative zero into the positive one.
            Value::Real(number) => self.mix((number + 0.0).to_bits()),
            Value::Text(text) => {
                self.mix(text.len() as u64);
                for part in text.as_bytes().chunks(8) {
                    let mut word = [0; 8];
                    word[..part.len()].copy_from_slice(part);
                    self.mix(u64::from_le_bytes(word));
                }
            }
        }
    }
}

/// The number and the checksum of rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checksum {
    /// The number of rows that were added, less those that were removed.
    pub rows: i64,
    /// The sum of their hashes modulo 2^64.
    pub sum: u64,
}

impl Checksum {
    /// Adds a row.
    pub fn add(&mut self, row: RowHash) {
        self.rows += 1;
        self.sum = self.sum.wrapping_add(row.0);
    }

    /// Removes a row.
    pub fn remove(&mut self, row: RowHash) {
        self.rows -= 1;
        self.sum = self.sum.wrapping_sub(row.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(row: &[Value<'_>]) -> RowHash {
        let mut hash = RowHash::default();
        for &value in row {
            hash.push(value);
        }
        hash
    }

    #[test]
    fn the_order_of_rows_does_not_matter_and_removing_undoes_adding() {
        let rows = [
            hash(&[Value::Integer(1), Value::Text("one")]),
            hash(&[Value::Integer(2), Value::Null]),
            hash(&[Value::Integer(3), Value::Real(0.5)]),
        ];
        let mut forward = Checksum::default();
        let mut backward = Checksum::default();
        for row in 0..rows.len() {
            forward.add(rows[row]);
            backward.add(rows[rows.len() - 1 - row]);
        }
        assert_eq!(forward, backward);
        for row in rows {
            forward.remove(row);
        }
        assert_eq!(forward, Checksum::default());
    }

    #[test]
    fn every_difference_of_a_row_changes_its_hash() {
        let rows: [&[Value<'_>]; 11] = [
            &[],
            &[Value::Null],
            &[Value::Null, Value::Null],
            &[Value::Integer(0)],
            &[Value::Real(0.0)],
            &[Value::Integer(1)],
            &[Value::Text("")],
            &[Value::Text("\0")],
            &[Value::Text("abcdefgh")],
            &[Value::Text("abcdefgh\0")],
            &[Value::Text("abcd"), Value::Text("efgh")],
        ];
        for (i, one) in rows.iter().enumerate() {
            for two in &rows[..i] {
                assert_ne!(hash(one).0, hash(two).0, "{one:?} and {two:?}");
            }
        }
        assert_eq!(hash(&[Value::Real(-0.0)]).0, hash(&[Value::Real(0.0)]).0);
    }
}
