//! Names to codes and back.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashTable, hash_table::Entry};

/// Gives each distinct name a code, in order of first appearance.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    codes: HashTable<u32>,
    hasher: FixedState,
    text: String,
    ends: Vec<usize>,
}

fn slice<'a>(text: &'a str, ends: &[usize], code: u32) -> &'a str {
    let code = code as usize;
    let start = if code == 0 { 0 } else { ends[code - 1] };
    &text[start..ends[code]]
}

impl Interner {
    /// An interner that knows no name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The code of `name`, new if it was not seen before.
    pub fn intern(&mut self, name: &str) -> u32 {
        let Self {
            codes,
            hasher,
            text,
            ends,
        } = self;
        let entry = codes.entry(
            hasher.hash_one(name),
            |&code| slice(text, ends, code) == name,
            |&code| hasher.hash_one(slice(text, ends, code)),
        );
        match entry {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(place) => {
                let code = ends.len() as u32;
                place.insert(code);
                text.push_str(name);
                ends.push(text.len());
                code
            }
        }
    }

    /// The code of `name`, if it was seen.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        self.codes
            .find(self.hasher.hash_one(name), |&code| self.name(code) == name)
            .copied()
    }

    /// The name behind `code`.
    ///
    /// # Panics
    /// If no name has this code.
    #[must_use]
    pub fn name(&self, code: u32) -> &str {
        slice(&self.text, &self.ends, code)
    }

    /// How many names there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no names yet.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_follow_first_appearance_and_survive_growth() {
        let mut interner = Interner::new();
        let name = |i: u32| format!("model {i}");
        for i in 0..10_000 {
            assert_eq!(interner.intern(&name(i)), i);
        }
        for i in (0..10_000).rev() {
            assert_eq!(interner.intern(&name(i)), i);
            assert_eq!(interner.name(i), name(i));
        }
        assert_eq!(interner.len(), 10_000);
        assert_eq!(interner.get("model"), None);
        assert_eq!(interner.intern(""), 10_000);
        assert_eq!(interner.name(10_000), "");
    }
}
