//! The words by which the enums of the contract stand in the database.

use crate::message::{Flow, State};
use crate::{expectation, posting};

/// A value that is kept as a word.
pub(crate) trait Word: Copy + PartialEq + 'static {
    /// Every value with its word.
    const WORDS: &'static [(Self, &'static str)];

    /// The word of this value.
    fn as_word(self) -> &'static str {
        let found = Self::WORDS.iter().find(|(value, _)| *value == self);
        found.map_or("", |(_, word)| word)
    }

    /// The value that a word stands for.
    fn from_word(word: &str) -> Option<Self> {
        Self::WORDS.iter().find(|(_, known)| *known == word).map(|(value, _)| *value)
    }
}

impl Word for Flow {
    const WORDS: &'static [(Self, &'static str)] = &[(Flow::In, "in"), (Flow::Out, "out")];
}

impl Word for posting::Kind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (posting::Kind::Usage, "usage"),
        (posting::Kind::Bill, "bill"),
        (posting::Kind::Payment, "payment"),
        (posting::Kind::Request, "request"),
        (posting::Kind::Advice, "advice"),
    ];
}

impl Word for expectation::Kind {
    const WORDS: &'static [(Self, &'static str)] = &[
        (expectation::Kind::Functional, "functional"),
        (expectation::Kind::Interchange, "interchange"),
        (expectation::Kind::Receipt, "receipt"),
    ];
}

impl Word for expectation::Outcome {
    const WORDS: &'static [(Self, &'static str)] = &[
        (expectation::Outcome::Accepted, "accepted"),
        (expectation::Outcome::Partly, "partly"),
        (expectation::Outcome::Rejected, "rejected"),
    ];
}

/// The state that a word stands for.
pub(crate) fn state(word: &str) -> Option<State> {
    State::ALL.into_iter().find(|state| state.word() == word)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_is_read_back() {
        for value in State::ALL {
            assert_eq!(state(value.word()), Some(value));
        }
        for (value, word) in posting::Kind::WORDS {
            assert_eq!((posting::Kind::from_word(word), value.as_word()), (Some(*value), *word));
        }
        assert_eq!(State::ALL.map(|state| state as usize), std::array::from_fn(|place| place));
    }
}
