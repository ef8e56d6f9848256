//! `options.toml`: a partner's codes and habits, where they are not the usual ones.
//!
//! ```toml
//! [common.parties]
//! utility = ["SE"]        # the N101 of ourselves in this partner's documents
//!
//! [usage.stamping]
//! edge = "end"
//! midnight = "hour24"
//! ```

use std::path::Path;

use tieline_mapping::options::Options;

use crate::file_error::FileError;
use crate::toml_file::{Source, did_you_mean};

/// Reads a partner's options; whatever the file does not name is as usual.
pub(crate) fn read(path: &Path) -> Result<Options, Vec<FileError>> {
    let source = Source::open(path)?;
    source.parse()?;
    toml::from_str(&source.text).map_err(|error| vec![refused(&source, &error)])
}

/// The error with its place; a key that is nearly right gets a suggestion.
fn refused(source: &Source, error: &toml::de::Error) -> FileError {
    let message = error.message();
    let span = error.span().unwrap_or(0..0);
    let Some((what, known)) = message.split_once(", expected ") else {
        return source.error(span, message);
    };
    let known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    let word = what.split('`').nth(1).unwrap_or_default();
    let help = did_you_mean(word, &known).unwrap_or_else(|| match known.is_empty() {
        true => message.to_string(),
        false => format!("known here: {}", known.join(", ")),
    });
    source.error(span, what.replace("unknown field", "unknown key")).with_help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error_of(text: &str) -> String {
        let source = Source { file: "options.toml".to_string(), text: text.to_string() };
        let error = toml::from_str::<Options>(text).expect_err("it is refused");
        refused(&source, &error).to_string()
    }

    #[test]
    fn a_misspelt_key_is_marked_and_mended() {
        assert_eq!(
            error_of("[common]\nacount = \"12\"\n"),
            "error: unknown key `acount`\n \
             --> options.toml:2:1\n  |\n2 | acount = \"12\"\n  | ^^^^^^\n  \
             = help: did you mean `account`?"
        );
    }

    #[test]
    fn a_code_with_two_meanings_is_refused_with_its_table() {
        let error = error_of("[common.parties]\nutility = [\"8S\"]\ncustomer = [\"8S\"]\n");
        assert!(error.contains("code 8S has two meanings"), "{error}");
        assert!(error.contains("options.toml:1:"), "{error}");
    }
}
