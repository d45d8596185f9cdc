//! One tally less another.

use std::cmp::Ordering;

use super::{Cell, Outcome, Tally};
use crate::Error;

/// Where a cell stands: plain ones first, then by contestants, outcome, score and weight.
fn place(cell: &Cell) -> (bool, u32, u32, u8, u64, u64) {
    let plain = cell.outcome != Outcome::Soft && cell.weight == 1.0;
    let (score, weight) = (cell.score.to_bits(), cell.weight.to_bits());
    let outcome = cell.outcome as u8;
    (!plain, cell.first, cell.second, outcome, score, weight)
}

/// Calls `keep` with what is left of each of `cells` when `taken` are taken away, both in order.
/// The first cell of which there are not so many ends it, and is returned with their number.
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

/// The cells in the order of [`each`].
fn in_order(tally: &Tally) -> Vec<Cell> {
    let mut cells: Vec<Cell> = tally.cells().collect();
    cells.sort_unstable_by_key(place);
    cells
}

/// A settled tally less another, over the same codes; or the first cell that is not there to be
/// taken away, and how many such matches there are.
///
/// # Errors
/// [`Error::CountOverflow`], which a difference of good tallies never is.
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
