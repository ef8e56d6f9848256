//! A small generator of numbers that only look random: the same seed gives the same document.

/// The splitmix64 generator: one word of state, good enough for samples, no use for secrets.
#[derive(Debug, Clone)]
pub struct Random {
    state: u64,
}

impl Random {
    /// A generator that always gives the same numbers for the same seed.
    pub fn new(seed: u64) -> Random {
        Random { state: seed }
    }

    /// The generator for document `index` of a corpus, whatever was drawn for those before it.
    pub fn for_document(seed: u64, index: u64) -> Random {
        let mut random = Random::new(seed);
        let start = random.word();
        Random::new(start ^ index.wrapping_mul(0xd6e8_feb8_6659_fd93))
    }

    /// The next 64 bits.
    pub fn word(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.state;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }

    /// A number from `least` to `most`, both included.
    pub fn range(&mut self, least: i64, most: i64) -> i64 {
        let span = (most - least) as u128 + 1;
        least + ((u128::from(self.word()) * span) >> 64) as i64
    }

    /// A place in a list of `length` entries; 0 when there are none.
    pub fn index(&mut self, length: usize) -> usize {
        ((u128::from(self.word()) * length as u128) >> 64) as usize
    }

    /// One of `values`, which must not be empty.
    pub fn pick<T: Copy>(&mut self, values: &[T]) -> T {
        values[self.index(values.len())]
    }

    /// True once in `times`, on the long run.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.word().is_multiple_of(times.max(1))
    }

    /// This many decimal digits, the first not 0.
    pub fn digits(&mut self, count: usize) -> String {
        (0..count).map(|n| char::from(b'0' + self.range(i64::from(n == 0), 9) as u8)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_numbers() {
        let draw = |seed| {
            let mut random = Random::new(seed);
            (0..100).map(|_| random.range(-5, 5)).collect::<Vec<_>>()
        };
        assert_eq!(draw(7), draw(7));
        assert_ne!(draw(7), draw(8));
        assert!((-5..=5).all(|n| draw(7).contains(&n)));
        assert_ne!(Random::for_document(7, 1).word(), Random::for_document(7, 2).word());
    }

    #[test]
    fn digits_are_as_many_as_asked_for() {
        let mut random = Random::new(1);
        for count in 1..20 {
            let digits = random.digits(count);
            assert_eq!(digits.len(), count);
            assert!(digits.bytes().all(|b| b.is_ascii_digit()) && !digits.starts_with('0'));
        }
    }
}
