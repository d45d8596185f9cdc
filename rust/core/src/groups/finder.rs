//! Which group a row belongs to, by the codes of its keys.

use std::collections::HashMap;

/// The code of a key that a row does not have.
pub const NO_KEY: u32 = u32::MAX;

const UNKNOWN: u32 = u32::MAX;

/// Numbers the distinct combinations of key codes in the order of their appearance.
#[derive(Clone, Debug, Default)]
pub struct Finder {
    /// The codes of each group, one column a key.
    columns: Vec<Vec<u32>>,
    len: usize,
    /// The group of each code of the only key, that of [`NO_KEY`] first.
    of_code: Vec<u32>,
    /// The group of each combination of several keys.
    of_codes: HashMap<Box<[u32]>, u32>,
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

    /// The group of each row.
    pub fn groups_of(&mut self, columns: &[&[u32]], rows: usize) -> Vec<u32> {
        assert!(columns.len() == self.columns.len());
        if let [codes] = columns {
            return codes.iter().map(|&code| self.group_of_code(code)).collect();
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

    fn group_of_code(&mut self, code: u32) -> u32 {
        let slot = code.wrapping_add(1) as usize;
        if slot >= self.of_code.len() {
            self.of_code.resize(slot + 1, UNKNOWN);
        }
        if self.of_code[slot] == UNKNOWN {
            self.of_code[slot] = self.push(&[code]);
        }
        self.of_code[slot]
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

    /// The groups in use under other keys, in the order of those, and the new number of each old
    /// group. `keys`: which key it was, and the new code of each old one.
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
        for (group, number) in order.iter().zip(finder.groups_of(&columns, order.len())) {
            group_of[*group as usize] = number;
        }
        (finder, group_of)
    }
}
