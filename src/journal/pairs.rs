//! Fields with their values, in one piece of memory.
//!
//! A job's hash has some twenty of each, and a change holds the hashes of thousands of jobs: a piece
//! of memory for every text was a third of its processor time.

use std::fmt;

/// Fields with their values, in the order in which they came.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Pairs {
    bytes: Vec<u8>,
    /// Where each text ends: a name, its value, a name, and so on.
    ends: Vec<usize>,
}

impl Pairs {
    /// Adds a field.
    pub fn push(&mut self, name: &[u8], value: &[u8]) {
        self.push_text(name);
        self.push_text(value);
    }

    /// Adds a name, or the value of the name that was added last: as Redis tells them.
    pub fn push_text(&mut self, text: &[u8]) {
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len());
    }

    /// How many fields there are.
    pub fn len(&self) -> usize {
        self.ends.len() / 2
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of a field.
    pub fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.iter().find(|(field, _)| *field == name).map(|(_, value)| value)
    }

    /// The fields with their values; a name that lacks its value is left out.
    pub fn iter(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        let mut from = 0;
        self.ends.chunks_exact(2).filter_map(move |ends| {
            let &[name_to, value_to] = ends else { return None };
            let name = self.bytes.get(from..name_to)?;
            from = value_to;
            Some((name, self.bytes.get(name_to..value_to)?))
        })
    }

    /// Bytes of all names and values.
    pub fn size(&self) -> usize {
        self.bytes.len()
    }

    /// Takes all out, and keeps the room.
    pub fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// Gives back the room that was taken for more.
    pub fn shrink(&mut self) {
        self.bytes.shrink_to_fit();
        self.ends.shrink_to_fit();
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |text: &[u8]| text.escape_ascii().to_string();
        formatter
            .debug_map()
            .entries(self.iter().map(|(name, value)| (shown(name), shown(value))))
            .finish()
    }
}

impl<N: AsRef<[u8]>, V: AsRef<[u8]>> FromIterator<(N, V)> for Pairs {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut all = Self::default();
        for (name, value) in pairs {
            all.push(name.as_ref(), value.as_ref());
        }
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_come_back_as_they_were_put_in() {
        let all = [("data", "\0x"), ("", ""), ("status", "queued")];
        let pairs: Pairs = all.into_iter().collect();
        let texts: Vec<_> = all.map(|(name, value)| (name.as_bytes(), value.as_bytes())).into();
        assert_eq!(pairs.iter().collect::<Vec<_>>(), texts);
        assert_eq!((pairs.len(), pairs.size()), (3, 18));
        assert_eq!((pairs.get(b"status"), pairs.get(b"origin")), (Some(&b"queued"[..]), None));
    }

    #[test]
    fn name_without_value_is_left_out() {
        let mut pairs = Pairs::default();
        pairs.push_text(b"status");
        assert!(pairs.is_empty() && pairs.get(b"status").is_none());
    }
}
