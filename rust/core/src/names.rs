//! Names to codes and back.

/// Gives each distinct name a code, in order of first appearance.
///
/// A name of up to 16 bytes is known by its length and two words, its first and its last eight
/// bytes; a longer one is compared with the text too.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    /// Open addressing with a power of two of slots: code + 1, or 0 for an empty slot.
    slots: Vec<u32>,
    keys: Vec<Key>,
    text: String,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    head: u64,
    tail: u64,
    length: u32,
}

/// Names of at most so many bytes are whole in their key.
const WHOLE: u32 = 16;

impl Key {
    #[inline]
    fn new(name: &str) -> Self {
        let bytes = name.as_bytes();
        let length = bytes.len() as u32;
        let (head, tail) = match (bytes.first_chunk::<8>(), bytes.last_chunk::<8>()) {
            (Some(head), Some(tail)) => (u64::from_le_bytes(*head), u64::from_le_bytes(*tail)),
            _ => match (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
                (Some(head), Some(tail)) => (
                    u64::from(u32::from_le_bytes(*head)),
                    u64::from(u32::from_le_bytes(*tail)),
                ),
                _ => (
                    bytes
                        .iter()
                        .fold(0, |word, &byte| word << 8 | u64::from(byte)),
                    0,
                ),
            },
        };
        Self { head, tail, length }
    }

    #[inline]
    fn hash(self, name: &str) -> u64 {
        const A: u64 = 0x9E37_79B9_7F4A_7C15;
        const B: u64 = 0xC2B2_AE3D_27D4_EB4F;
        let fold = |a: u64, b: u64| {
            let wide = u128::from(a) * u128::from(b);
            (wide as u64) ^ (wide >> 64) as u64
        };
        let mut hash = fold(self.head ^ A, self.tail ^ B ^ u64::from(self.length));
        if self.length > WHOLE {
            // What is between head and tail, the last words overlapping.
            let between = &name.as_bytes()[8..];
            let between = &between[..between.len() - 8];
            for chunk in between
                .chunks_exact(8)
                .chain(between.rchunks_exact(8).take(1))
            {
                let word = chunk
                    .first_chunk()
                    .map_or(0, |&word| u64::from_le_bytes(word));
                hash = fold(hash ^ A, word ^ B);
            }
        }
        hash
    }
}

impl Interner {
    /// An interner that knows no name.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The code of `name`, new if it was not seen before.
    #[inline]
    pub fn intern(&mut self, name: &str) -> u32 {
        let key = Key::new(name);
        let hash = key.hash(name);
        match self.look(name, key, hash) {
            Some(code) => code,
            None => self.insert(name, key, hash),
        }
    }

    #[inline]
    fn look(&self, name: &str, key: Key, hash: u64) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let code = self.slots.get(at)?.checked_sub(1)?;
            if self.keys[code as usize] == key && (key.length <= WHOLE || self.name(code) == name) {
                return Some(code);
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, name: &str, key: Key, hash: u64) -> u32 {
        let code = self.keys.len() as u32;
        self.keys.push(key);
        self.text.push_str(name);
        self.ends.push(self.text.len());
        if self.keys.len() * 2 > self.slots.len() {
            self.slots = vec![0; (self.keys.len() * 4).next_power_of_two().max(64)];
            for code in 0..=code {
                let hash = self.keys[code as usize].hash(self.name(code));
                self.place(code, hash);
            }
        } else {
            self.place(code, hash);
        }
        code
    }

    fn place(&mut self, code: u32, hash: u64) {
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        while self.slots[at] != 0 {
            at = (at + 1) & mask;
        }
        self.slots[at] = code + 1;
    }

    /// The code of `name`, if it was seen.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<u32> {
        let key = Key::new(name);
        self.look(name, key, key.hash(name))
    }

    /// The name behind `code`.
    ///
    /// # Panics
    /// If no name has this code.
    #[must_use]
    pub fn name(&self, code: u32) -> &str {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.text[start..self.ends[code]]
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
        assert_eq!(Interner::new().get(""), None);
        assert_eq!(interner.intern(""), 10_000);
        assert_eq!(interner.name(10_000), "");
    }

    #[test]
    fn names_that_share_head_tail_and_length_are_apart() {
        let mut interner = Interner::new();
        let names = [
            "",
            "a",
            "aa",
            "aaa",
            "aaaa",
            "aaaaa",
            "aaaaaaaa",
            "aaaaaaaaa",
            "a\0",
            "\0a",
            "\0",
            "aaaaaaaabbbbbbbb",
            "aaaaaaaaXbbbbbbbb",
            "aaaaaaaaYbbbbbbbb",
            "aaaaaaaa--bbbbbbbb",
            "aaaaaaaa--------------bbbbbbbb",
            "aaaaaaaa-------+------bbbbbbbb",
        ];
        for (code, name) in names.iter().enumerate() {
            assert_eq!(interner.intern(name), code as u32, "{name:?}");
        }
        for (code, name) in names.iter().enumerate() {
            assert_eq!(interner.get(name), Some(code as u32));
            assert_eq!(interner.name(code as u32), *name);
        }
    }
}
