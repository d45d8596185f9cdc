//! Mapping between names and codes.

/// The code of a missing value.
pub const NULL_CODE: u32 = u32::MAX;

/// Assigns a code to each distinct name, in order of first appearance.
///
/// A name of up to 16 bytes is identified by its length and two words, its first and its last eight
/// bytes. For a longer name the text is compared as well.
#[derive(Clone, Debug, Default)]
pub struct Interner {
    /// An open-addressing hash table whose size is a power of two and which is at most half full.
    slots: Vec<Slot>,
    text: String,
    ends: Vec<usize>,
}

#[derive(Clone, Copy, Debug)]
struct Slot {
    key: Key,
    code: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    head: u64,
    tail: u64,
    length: u32,
}

/// The key of an empty slot. No name has this length.
const EMPTY: Slot = Slot {
    key: Key {
        head: 0,
        tail: 0,
        length: u32::MAX,
    },
    code: 0,
};

/// Names of at most this many bytes are stored completely in their key.
const WHOLE: u32 = 16;

const FEWEST_SLOTS: usize = 64;

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

    /// The hash of the key. For a name that is stored completely in its key, this is the hash of
    /// the name.
    #[inline]
    fn hash(self) -> u64 {
        fold(self.head, self.tail ^ u64::from(self.length))
    }

    /// The hash of a name that is longer than its key.
    fn hash_long(self, name: &str) -> u64 {
        // The bytes between head and tail. The last words overlap.
        let between = &name.as_bytes()[8..];
        let between = &between[..between.len() - 8];
        between
            .chunks_exact(8)
            .chain(between.rchunks_exact(8).take(1))
            .fold(self.hash(), |hash, chunk| {
                let word = chunk
                    .first_chunk()
                    .map_or(0, |&word| u64::from_le_bytes(word));
                fold(hash, word)
            })
    }
}

#[inline]
fn fold(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ 0x9E37_79B9_7F4A_7C15) * u128::from(b ^ 0xC2B2_AE3D_27D4_EB4F);
    (wide as u64) ^ (wide >> 64) as u64
}

impl Interner {
    /// Creates an empty interner.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the code of `name`, assigning a new one if the name has not been seen before.
    #[inline]
    pub fn intern(&mut self, name: &str) -> u32 {
        match self.get(name) {
            Some(code) => code,
            None => self.insert(name),
        }
    }

    /// Returns the code of `name` if the name has been seen.
    #[must_use]
    #[inline]
    pub fn get(&self, name: &str) -> Option<u32> {
        let key = Key::new(name);
        if key.length <= WHOLE {
            self.find(key, key.hash(), |_| true)
        } else {
            self.get_long(name, key)
        }
    }

    #[inline(never)]
    fn get_long(&self, name: &str, key: Key) -> Option<u32> {
        self.find(key, key.hash_long(name), |code| self.name(code) == name)
    }

    #[inline]
    fn find(&self, key: Key, hash: u64, same: impl Fn(u32) -> bool) -> Option<u32> {
        let mask = self.slots.len().wrapping_sub(1);
        let mut at = hash as usize & mask;
        loop {
            let slot = self.slots.get(at)?;
            if slot.key == key && same(slot.code) {
                return Some(slot.code);
            }
            if slot.key == EMPTY.key {
                return None;
            }
            at = (at + 1) & mask;
        }
    }

    #[cold]
    fn insert(&mut self, name: &str) -> u32 {
        let code = self.ends.len() as u32;
        self.text.push_str(name);
        self.ends.push(self.text.len());
        if self.ends.len() * 2 > self.slots.len() {
            let more = vec![EMPTY; (self.slots.len() * 2).max(FEWEST_SLOTS)];
            for slot in std::mem::replace(&mut self.slots, more) {
                if slot.key != EMPTY.key {
                    self.place(slot);
                }
            }
        }
        let key = Key::new(name);
        self.place(Slot { key, code });
        code
    }

    fn place(&mut self, slot: Slot) {
        let mask = self.slots.len() - 1;
        let hash = if slot.key.length <= WHOLE {
            slot.key.hash()
        } else {
            slot.key.hash_long(self.name(slot.code))
        };
        let mut at = hash as usize & mask;
        while self.slots[at].key != EMPTY.key {
            at = (at + 1) & mask;
        }
        self.slots[at] = slot;
    }

    /// Returns the name with the given code.
    ///
    /// # Panics
    /// If no name has this code.
    #[must_use]
    pub fn name(&self, code: u32) -> &str {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.text[start..self.ends[code]]
    }

    /// The number of names.
    #[must_use]
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there are no names.
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
