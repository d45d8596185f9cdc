//! The group of a row, found by the codes of its keys.

use std::{
    borrow::Cow,
    collections::HashMap,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
};

use rayon::prelude::*;

use crate::names::NULL_CODE;

/// The code of a missing key.
pub const NO_KEY: u32 = NULL_CODE;

const UNKNOWN: u32 = u32::MAX;

/// Numbers the distinct combinations of key codes. With a single key, the new codes of each call
/// are numbered in ascending order; with several keys, combinations are numbered in order of
/// appearance.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    /// The codes of each group, one column per key.
    columns: Vec<Vec<u32>>,
    len: usize,
    /// For a single key: the group of each code, with [`NO_KEY`] first.
    of_code: Vec<u32>,
    /// For a single key: the number of groups whose number equals their code.
    direct: usize,
    /// For several keys: the group of each combination of codes.
    of_codes: HashMap<Box<[u32]>, u32>,
}

/// The index of a code in `of_code`, with [`NO_KEY`] first.
fn slot(code: u32) -> usize {
    code.wrapping_add(1) as usize
}

/// The code at an index of `of_code`.
fn code_at(slot: u32) -> u32 {
    slot.wrapping_sub(1)
}

impl Finder {
    pub fn new(keys: usize) -> Self {
        Self {
            columns: vec![Vec::new(); keys],
            ..Self::default()
        }
    }

    pub fn len(&self) -> usize {
        self.len
    }

    pub fn columns(&self) -> &[Vec<u32>] {
        &self.columns
    }

    /// Returns the group of each row, adding new groups as necessary.
    pub fn groups_of<'a>(&mut self, columns: &[&'a [u32]], rows: usize) -> Cow<'a, [u32]> {
        assert!(columns.len() == self.columns.len());
        if let [codes] = columns {
            self.add_codes(codes);
            if self.direct == self.len {
                return Cow::Borrowed(codes);
            }
            let group_of = |&code: &u32| self.of_code[slot(code)];
            return codes.par_iter().map(group_of).collect();
        }
        let mut codes = vec![0; columns.len()];
        let mut last = UNKNOWN;
        (0..rows)
            .map(|row| {
                let mut same = last != UNKNOWN;
                for (code, column) in codes.iter_mut().zip(columns) {
                    same &= *code == column[row];
                    *code = column[row];
                }
                if !same {
                    last = self.group_of_codes(&codes);
                }
                last
            })
            .collect()
    }

    /// Numbers the codes of the single key that have no group yet, in ascending order.
    fn add_codes(&mut self, codes: &[u32]) {
        let slots = codes.par_iter().map(|&code| slot(code) + 1);
        let slots = slots.max().unwrap_or(0).max(self.of_code.len());
        self.of_code.resize(slots, UNKNOWN);
        let is_new = |code: &u32| self.of_code[slot(*code)] == UNKNOWN;
        let mut new: Vec<u32> = if codes.len() < slots {
            codes.iter().copied().filter(is_new).collect()
        } else {
            let seen: Vec<AtomicBool> = (0..slots).map(|_| AtomicBool::new(false)).collect();
            codes.par_iter().for_each(|&code| {
                let seen = &seen[slot(code)];
                // Reading a shared value is cheap, whereas writing it is expensive.
                if !seen.load(Relaxed) {
                    seen.store(true, Relaxed);
                }
            });
            let slots = (0..).zip(seen).filter(|(_, seen)| seen.load(Relaxed));
            slots
                .map(|(slot, _)| code_at(slot))
                .filter(is_new)
                .collect()
        };
        new.sort_unstable();
        new.dedup();
        for code in new {
            self.direct += usize::from(code as usize == self.len);
            self.of_code[slot(code)] = self.push(&[code]);
        }
    }

    fn group_of_codes(&mut self, codes: &[u32]) -> u32 {
        if let Some(&group) = self.of_codes.get(codes) {
            return group;
        }
        let group = self.push(codes);
        self.of_codes.insert(codes.into(), group);
        group
    }

    fn push(&mut self, codes: &[u32]) -> u32 {
        for (column, &code) in self.columns.iter_mut().zip(codes) {
            column.push(code);
        }
        self.len += 1;
        self.len as u32 - 1
    }

    /// Returns the groups in use with other keys, in the order of those keys, and the new number of
    /// each old group. `keys` contains, for each key to keep, its old index and the new code of
    /// each old one.
    pub fn arranged(&self, used: &[bool], keys: &[(usize, &[u32])]) -> (Self, Vec<u32>) {
        let renamed: Vec<Vec<u32>> = keys
            .iter()
            .map(|&(key, code_of)| {
                let codes = self.columns[key].iter();
                codes
                    .map(|&code| match code {
                        NO_KEY => NO_KEY,
                        code => code_of[code as usize],
                    })
                    .collect()
            })
            .collect();
        let key_of = |group: u32| renamed.iter().map(move |column| column[group as usize]);
        let mut order: Vec<u32> = (0..self.len as u32)
            .filter(|&group| used[group as usize])
            .collect();
        if let [codes] = &renamed[..] {
            order.sort_unstable_by_key(|&group| codes[group as usize]);
        } else {
            order.sort_unstable_by(|&a, &b| key_of(a).cmp(key_of(b)));
        }
        let mut finder = Self::new(keys.len());
        let mut group_of = vec![UNKNOWN; self.len];
        let columns: Vec<Vec<u32>> = renamed
            .iter()
            .map(|column| order.iter().map(|&group| column[group as usize]).collect())
            .collect();
        let columns: Vec<&[u32]> = columns.iter().map(Vec::as_slice).collect();
        let numbers = finder.groups_of(&columns, order.len());
        for (group, &number) in order.iter().zip(&*numbers) {
            group_of[*group as usize] = number;
        }
        drop(numbers);
        (finder, group_of)
    }
}
