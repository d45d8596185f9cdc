//! Counts of many contestants: the cells that contain a match, sorted within tiles.
//!
//! A tile contains the pairs of two blocks of contestants. Rows are first distributed to their
//! tiles and then sorted there, both within the cache. An iteration over the cells accesses the
//! contestants of two blocks at a time, which also fit the cache.

use std::collections::BTreeMap;

use rayon::prelude::*;

use super::{
    counting::add_counts,
    outcome::Outcome,
    place::{BLOCK_BITS, MOST_CONTESTANTS},
};
use crate::Error;

/// The lower bits of a word are a count. The bits above are the key of its cell within the tile:
/// the lower contestant of the pair, the higher one, whether the higher one was shown first, and
/// the outcome.
const COUNT_BITS: u32 = u64::BITS - 2 * BLOCK_BITS - 3;
const COUNT: u64 = (1 << COUNT_BITS) - 1;
const IN_BLOCK: u32 = (1 << BLOCK_BITS) - 1;

/// The number of rows that are distributed to their tiles at once by one task.
const CHUNK: usize = 1 << 20;
const CHUNKS: usize = 16;

/// If there are fewer rows than this, or fewer than tiles, they are distributed one by one.
const FEW_ROWS: usize = 1 << 12;

/// Rows are merged once there are a quarter as many of them as cells in their tile, so that all
/// merges together cost five times the last one, but not before there are this many.
const SHORTEST_BUFFER: usize = 1 << 12;

/// From this many rows of one tile on, they are sorted using all threads.
const MANY_ROWS: usize = 1 << 20;

/// The location of a cell: its tile and its key within the tile.
#[derive(Clone, Copy)]
struct Place {
    tile: usize,
    key: u64,
}

impl Place {
    #[inline]
    fn new(first: u32, second: u32, outcome: Outcome) -> Self {
        let (low, high) = (first.min(second), first.max(second));
        let swapped = u64::from(first > second);
        let (low_block, high_block) = ((low >> BLOCK_BITS) as usize, (high >> BLOCK_BITS) as usize);
        let pair = u64::from(low & IN_BLOCK) << BLOCK_BITS | u64::from(high & IN_BLOCK);
        Self {
            // Further contestants append tiles.
            tile: high_block * (high_block + 1) / 2 + low_block,
            key: pair << 3 | swapped << 2 | outcome as u64,
        }
    }
}

/// The cells of the pairs of two blocks.
#[derive(Clone, Debug, Default)]
struct Tile {
    /// One word per cell, sorted.
    words: Vec<u64>,
    /// Words that have not been merged yet.
    fresh: Vec<u64>,
    /// The part of a count that exceeds the capacity of its word.
    beyond: BTreeMap<u64, u64>,
}

impl Tile {
    fn is_full(&self) -> bool {
        self.fresh.len() >= (self.words.len() / 4).max(SHORTEST_BUFFER)
    }

    fn settle(&mut self) -> Result<(), Error> {
        if self.fresh.is_empty() {
            return Ok(());
        }
        if self.fresh.len() < MANY_ROWS {
            self.fresh.sort_unstable();
        } else {
            self.fresh.par_sort_unstable();
        }
        let mut out: Vec<u64> = Vec::with_capacity(self.words.len() + self.fresh.len());
        let mut carried = BTreeMap::new();
        let (mut old, mut fresh) = (self.words.iter().peekable(), self.fresh.iter().peekable());
        loop {
            let next = match (old.peek(), fresh.peek()) {
                (Some(a), Some(b)) if a <= b => old.next(),
                (Some(_), None) => old.next(),
                _ => fresh.next(),
            };
            let Some(&word) = next else { break };
            match out.last_mut() {
                Some(last) if *last >> COUNT_BITS == word >> COUNT_BITS => {
                    let count = (*last & COUNT) + (word & COUNT);
                    *last = *last & !COUNT | count & COUNT;
                    carry(&mut carried, word >> COUNT_BITS, count & !COUNT)?;
                }
                _ => out.push(word),
            }
        }
        // Nothing has been modified so far, so the tile is unchanged if a count overflows.
        for (key, count) in &mut carried {
            *count = add_counts(*count, *self.beyond.get(key).unwrap_or(&0))?;
        }
        self.beyond.append(&mut carried);
        out.shrink_to_fit();
        self.words = out;
        self.fresh = Vec::new();
        Ok(())
    }
}

/// Adds the part of a count that exceeds the capacity of its word.
fn carry(beyond: &mut BTreeMap<u64, u64>, key: u64, count: u64) -> Result<(), Error> {
    if count > 0 {
        let all = beyond.entry(key).or_insert(0);
        *all = add_counts(*all, count)?;
    }
    Ok(())
}

/// The plain cells between two blocks of contestants.
#[derive(Clone, Copy)]
pub(crate) struct Cells<'a> {
    low: u32,
    high: u32,
    words: &'a [u64],
    beyond: &'a BTreeMap<u64, u64>,
}

impl<'a> Cells<'a> {
    /// Iterates over the pairs, each with the counts of its cells.
    pub(crate) fn pairs(self) -> impl Iterator<Item = (u32, u32, [u64; 8])> + 'a {
        let chunks = (self.words).chunk_by(|a, b| a >> (COUNT_BITS + 3) == b >> (COUNT_BITS + 3));
        chunks.map(move |pair| {
            let mut both = [0; 8];
            for &word in pair {
                both[(word >> COUNT_BITS & 7) as usize] = self.count(word);
            }
            let (low, high) = self.contestants(pair[0]);
            (low, high, both)
        })
    }

    /// The sums of the counts, in the order of [`Cells::pairs`].
    pub(super) fn sums(&self) -> [u128; 8] {
        let mut sums = [0; 8];
        for &word in self.words {
            sums[(word >> COUNT_BITS & 7) as usize] += u128::from(self.count(word));
        }
        sums
    }

    /// Marks the contestants that have a match.
    pub(super) fn mark(&self, played: &mut [bool]) {
        for &word in self.words {
            let (low, high) = self.contestants(word);
            played[low as usize] = true;
            played[high as usize] = true;
        }
    }

    fn contestants(&self, word: u64) -> (u32, u32) {
        let pair = word >> (COUNT_BITS + 3);
        let low = (pair >> BLOCK_BITS) as u32 & IN_BLOCK;
        (self.low | low, self.high | pair as u32 & IN_BLOCK)
    }

    fn count(&self, word: u64) -> u64 {
        let beyond = if self.beyond.is_empty() {
            None
        } else {
            self.beyond.get(&(word >> COUNT_BITS))
        };
        (word & COUNT) + beyond.unwrap_or(&0)
    }

    /// The first contestant, second contestant, outcome and count of a word.
    fn cell(&self, word: u64) -> (u32, u32, Outcome, u64) {
        let (low, high) = self.contestants(word);
        let outcome = Outcome::PLAIN[(word >> COUNT_BITS & 3) as usize];
        let swapped = word >> COUNT_BITS & 4 != 0;
        let (first, second) = if swapped { (high, low) } else { (low, high) };
        (first, second, outcome, self.count(word))
    }
}

/// The rows of one task, grouped by tile.
struct Chunk {
    words: Vec<u64>,
    /// The end of the words of each tile.
    ends: Vec<u32>,
}

impl Chunk {
    fn new(tiles: usize, places: impl Iterator<Item = (Place, u64)> + Clone) -> Self {
        let mut ends = vec![0_u32; tiles + 1];
        for (place, _) in places.clone() {
            ends[place.tile + 1] += 1;
        }
        for tile in 0..tiles {
            ends[tile + 1] += ends[tile];
        }
        let mut words = vec![0; ends[tiles] as usize];
        for (place, count) in places {
            let next = &mut ends[place.tile];
            words[*next as usize] = place.key << COUNT_BITS | count;
            *next += 1;
        }
        // Each tile ends where the next one starts.
        ends.truncate(tiles);
        Self { words, ends }
    }

    fn of(&self, tile: usize) -> &[u64] {
        let begin = if tile == 0 { 0 } else { self.ends[tile - 1] };
        &self.words[begin as usize..self.ends[tile] as usize]
    }
}

/// The cells of all tiles, one for each pair of blocks.
#[derive(Clone, Debug, Default)]
pub(super) struct Sparse {
    tiles: Vec<Tile>,
}

impl Sparse {
    /// Counts `count` matches.
    pub(super) fn push(
        &mut self,
        first: u32,
        second: u32,
        outcome: Outcome,
        count: u64,
    ) -> Result<(), Error> {
        self.push_at(Place::new(first, second, outcome), count)
    }

    fn push_at(&mut self, place: Place, count: u64) -> Result<(), Error> {
        if self.tiles.len() <= place.tile {
            self.tiles.resize_with(place.tile + 1, Tile::default);
        }
        let tile = &mut self.tiles[place.tile];
        carry(&mut tile.beyond, place.key, count & !COUNT)?;
        tile.fresh.push(place.key << COUNT_BITS | count & COUNT);
        if tile.is_full() {
            tile.settle()
        } else {
            Ok(())
        }
    }

    /// Counts rows that are in range, one match each.
    pub(super) fn add_columns(
        &mut self,
        first: &[u32],
        second: &[u32],
        outcome: &[u8],
    ) -> Result<(), Error> {
        let place = |row: usize| {
            let outcome = Outcome::PLAIN[outcome[row] as usize];
            Some((Place::new(first[row], second[row], outcome), 1))
        };
        let most = (first.par_iter().max()).max(second.par_iter().max());
        self.extend(first.len(), most.map_or(0, |&most| most), place)
    }

    /// Counts the key and number that `place` returns for each row, for contestants up to `most`.
    fn extend(
        &mut self,
        rows: usize,
        most: u32,
        place: impl Fn(usize) -> Option<(Place, u64)> + Sync,
    ) -> Result<(), Error> {
        debug_assert!((most as usize) < MOST_CONTESTANTS);
        let tiles = Place::new(most, most, Outcome::First).tile + 1;
        if rows < FEW_ROWS.max(tiles) {
            return (0..rows)
                .filter_map(place)
                .try_for_each(|(place, count)| self.push_at(place, count));
        }
        if self.tiles.len() < tiles {
            self.tiles.resize_with(tiles, Tile::default);
        }
        for begin in (0..rows).step_by(CHUNK * CHUNKS) {
            let rows = begin..rows.min(begin + CHUNK * CHUNKS);
            let length = rows.len().div_ceil(CHUNKS).max(tiles);
            let chunks: Vec<Chunk> = (rows.clone().into_par_iter().step_by(length))
                .map(|begin| {
                    let rows = begin..rows.end.min(begin + length);
                    Chunk::new(tiles, rows.filter_map(&place))
                })
                .collect();
            (self.tiles.par_iter_mut().enumerate()).try_for_each(|(number, tile)| {
                if number < tiles {
                    for chunk in &chunks {
                        tile.fresh.extend_from_slice(chunk.of(number));
                    }
                }
                if tile.is_full() {
                    tile.settle()
                } else {
                    Ok(())
                }
            })?;
        }
        Ok(())
    }

    pub(super) fn is_settled(&self) -> bool {
        self.tiles.iter().all(|tile| tile.fresh.is_empty())
    }

    pub(super) fn settle(&mut self) -> Result<(), Error> {
        self.tiles.par_iter_mut().try_for_each(Tile::settle)
    }

    /// Returns the same matches with other codes, for contestants up to `most`. Matches of
    /// contestants whose code is `None` are omitted.
    pub(super) fn relabel(&self, codes: &[Option<u32>], most: u32) -> Result<Self, Error> {
        let mut out = Self::default();
        for (tile, of) in self.tiles.iter().zip(self.settled()) {
            let place = |word: u64| {
                let (first, second, outcome, _) = of.cell(word);
                let (first, second) = (codes[first as usize]?, codes[second as usize]?);
                Some(Place::new(first, second, outcome))
            };
            for words in [&tile.words, &tile.fresh] {
                out.extend(words.len(), most, |row| {
                    Some((place(words[row])?, words[row] & COUNT))
                })?;
            }
            for (&key, &count) in &tile.beyond {
                if let Some(place) = place(key << COUNT_BITS) {
                    out.push_at(place, count)?;
                }
            }
        }
        out.settle()?;
        Ok(out)
    }

    /// Iterates over the settled cells, tile by tile.
    pub(super) fn settled(&self) -> impl Iterator<Item = Cells<'_>> {
        let blocks = (0..).flat_map(|high: u32| (0..=high).map(move |low| (low, high)));
        (self.tiles.iter().zip(blocks)).map(|(tile, (low, high))| Cells {
            low: low << BLOCK_BITS,
            high: high << BLOCK_BITS,
            words: &tile.words,
            beyond: &tile.beyond,
        })
    }

    /// Iterates over the first contestant, second contestant, outcome and count of each cell, tile
    /// by tile, then of each row that has not been merged yet.
    pub(super) fn cells(&self) -> impl Iterator<Item = (u32, u32, Outcome, u64)> {
        (self.settled())
            .flat_map(|cells| cells.words.iter().map(move |&word| cells.cell(word)))
            .chain(self.fresh())
    }

    /// Iterates over the rows that have not been merged yet.
    pub(super) fn fresh(&self) -> impl Iterator<Item = (u32, u32, Outcome, u64)> {
        const NONE: &BTreeMap<u64, u64> = &BTreeMap::new();
        let unsettled =
            (self.tiles.iter().zip(self.settled())).filter(|(tile, _)| !tile.fresh.is_empty());
        unsettled.flat_map(|(tile, cells)| {
            let is_settled = |key: u64| {
                (tile.words)
                    .binary_search_by_key(&key, |word| word >> COUNT_BITS)
                    .is_ok()
            };
            let words = (tile.fresh.iter().copied()).filter(|word| word & COUNT > 0);
            let rows = Cells {
                beyond: NONE,
                ..cells
            };
            let beyond = (tile.beyond.keys())
                .filter(move |&&key| !is_settled(key))
                .map(move |key| cells.cell(key << COUNT_BITS));
            words.map(move |word| rows.cell(word)).chain(beyond)
        })
    }

    /// The number of words: cells, and rows that have not been merged yet.
    pub(super) fn words(&self) -> usize {
        (self.tiles.iter())
            .map(|tile| tile.words.len() + tile.fresh.len())
            .sum()
    }
}
