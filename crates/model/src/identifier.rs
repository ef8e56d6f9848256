//! Numbers that name something: accounts, meters, service points.
//!
//! They are text: leading zeros count. What they hold is not shown by `Debug` but for its end,
//! because a log is read by more people than a bill.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Why a text names nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum IdentifierError {
    /// Nothing, or only spaces.
    #[error("the number is empty")]
    Empty,
    /// A character that cannot be printed.
    #[error("the number has a character that cannot be printed")]
    ControlCharacter,
}

fn checked(text: String) -> Result<String, IdentifierError> {
    if text.trim().is_empty() {
        return Err(IdentifierError::Empty);
    }
    match text.chars().any(char::is_control) {
        true => Err(IdentifierError::ControlCharacter),
        false => Ok(text),
    }
}

/// All but the last four characters as dots; a short text has dots only.
fn masked(text: &str) -> String {
    let count = text.chars().count();
    let shown = if count > 6 { 4 } else { 0 };
    let dot_or_char = |(n, c): (usize, char)| if n + shown < count { '.' } else { c };
    text.chars().enumerate().map(dot_or_char).collect()
}

macro_rules! identifiers {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[cfg_attr(test, derive(schemars::JsonSchema), schemars(extend("minLength" = 1)))]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The number as it is written.
            ///
            /// # Errors
            ///
            /// [`IdentifierError`] if it is empty or cannot be printed.
            pub fn new(text: impl Into<String>) -> Result<$name, IdentifierError> {
                checked(text.into()).map($name)
            }

            /// The number as it is written.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdentifierError;

            fn try_from(text: String) -> Result<$name, IdentifierError> {
                $name::new(text)
            }
        }

        impl From<$name> for String {
            fn from(number: $name) -> String {
                number.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), masked(&self.0))
            }
        }
    )*};
}

identifiers! {
    /// The number under which the utility, a supplier or a bank keeps an account.
    AccountNumber
    /// The number of a meter.
    MeterNumber
    /// The number of a place that is supplied; it stays when the customer or the meter changes.
    ServicePointId
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_not_empty_and_can_be_printed() {
        assert_eq!(AccountNumber::new(" "), Err(IdentifierError::Empty));
        assert_eq!(MeterNumber::new("12\t3"), Err(IdentifierError::ControlCharacter));
        assert!(serde_json::from_str::<ServicePointId>("\"\"").is_err());
        let account = AccountNumber::new("0012").map(String::from);
        assert_eq!(account, Ok("0012".to_string()));
    }

    #[test]
    fn debug_shows_only_the_end() {
        let shown = |text: &str| AccountNumber::new(text).map(|account| format!("{account:?}"));
        assert_eq!(shown("0004217790"), Ok("AccountNumber(......7790)".to_string()));
        assert_eq!(shown("421779"), Ok("AccountNumber(......)".to_string()));
    }
}
