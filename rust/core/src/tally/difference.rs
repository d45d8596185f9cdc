//! The difference of two tallies.

use std::cmp::Ordering;

use super::{Cell, Outcome, Tally};
use crate::Error;

/// The sort key of a cell: plain cells first, then by contestants, outcome, score and weight.
fn place(cell: &Cell) -> (bool, u32, u32, u8, u64, u64) {
    let plain = cell.outcome != Outcome::Soft && cell.weight == 1.0;
    let (score, weight) = (cell.score.to_bits(), cell.weight.to_bits());
    let outcome = cell.outcome as u8;
    (!plain, cell.first, cell.second, outcome, score, weight)
}

/// Calls `keep` with the remainder of each of `cells` after `taken` is subtracted. Both must be
/// sorted. Stops at the first cell that has fewer matches than are to be subtracted, and returns it
/// with the number of matches there are.
pub fn each(
    cells: impl Iterator<Item = Cell>,
    taken: impl Iterator<Item = Cell>,
    keep: &mut impl FnMut(&Cell),
) -> Option<(Cell, u64)> {
    let mut cells = cells.peekable();
    for take in taken {
        loop {
            let Some(cell) = cells.peek() else {
                return Some((take, 0));
            };
            match place(cell).cmp(&place(&take)) {
                Ordering::Less => keep(cell),
                Ordering::Greater => return Some((take, 0)),
                Ordering::Equal if cell.count < take.count => return Some((take, cell.count)),
                Ordering::Equal => {
                    if cell.count > take.count {
                        let count = cell.count - take.count;
                        keep(&Cell { count, ..*cell });
                    }
                    cells.next();
                    break;
                }
            }
            cells.next();
        }
    }
    cells.for_each(|cell| keep(&cell));
    None
}

/// Returns the cells in the order that [`each`] requires.
fn in_order(tally: &Tally) -> Vec<Cell> {
    let mut cells: Vec<Cell> = tally.cells().collect();
    cells.sort_unstable_by_key(place);
    cells
}

/// Subtracts a tally from another settled one over the same codes. Returns the difference, or the
/// first cell that cannot be subtracted with the number of such matches there are.
///
/// # Errors
/// [`Error::CountOverflow`], which cannot occur for the difference of valid tallies.
pub fn difference(tally: &Tally, taken: &Tally) -> Result<Result<Tally, (Cell, u64)>, Error> {
    let mut out = Tally::new(tally.contestants());
    let mut result = Ok(());
    let missing = each(
        in_order(tally).into_iter(),
        in_order(taken).into_iter(),
        &mut |cell| {
            if result.is_ok() {
                result = out.add_cell(cell);
            }
        },
    );
    result?;
    out.settle()?;
    Ok(missing.map_or(Ok(out), Err))
}
