//! Names of files: which names are meant (`*.edi`), and what a file is called (`{set}-{control}.edi`).

use std::fmt;
use std::str::FromStr;

use tieline_model::time::DateTime;

/// The longest pattern or template, in bytes.
const LONGEST: usize = 200;

/// Which names are meant: `*` stands for any characters, `?` for one; capital letters differ from
/// small ones.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NamePattern {
    text: String,
}

/// Why a text is no pattern or no template.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NameError {
    /// The byte of the text that it is about.
    pub at: usize,
    /// What is wrong: lower case, without a full stop.
    pub message: String,
}

impl std::error::Error for NameError {}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl NamePattern {
    /// Every name.
    pub fn any() -> NamePattern {
        NamePattern { text: "*".to_string() }
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a file's name is meant. Names are bytes: not every server writes UTF-8.
    pub fn matches(&self, name: &[u8]) -> bool {
        let pattern = self.text.as_bytes();
        let (mut p, mut n) = (0, 0);
        // Where to go on after the last `*`, when what was tried does not fit.
        let mut retry: Option<(usize, usize)> = None;
        while n < name.len() {
            match pattern.get(p) {
                Some(b'*') => {
                    retry = Some((p + 1, n));
                    p += 1;
                }
                Some(b'?') => (p, n) = (p + 1, n + 1),
                Some(byte) if *byte == name[n] => (p, n) = (p + 1, n + 1),
                _ => match &mut retry {
                    Some((after, from)) => {
                        *from += 1;
                        (p, n) = (*after, *from);
                    }
                    None => return false,
                },
            }
        }
        pattern[p..].iter().all(|byte| *byte == b'*')
    }
}

impl FromStr for NamePattern {
    type Err = NameError;

    fn from_str(text: &str) -> Result<NamePattern, NameError> {
        plain(text, "*?")?;
        Ok(NamePattern { text: text.to_string() })
    }
}

/// What an outgoing file is called: text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileName {
    text: String,
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Placeholder(Placeholder),
}

/// What a file's name can say about what is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placeholder {
    /// `{set}`: the transaction set, e.g. `867`.
    Set,
    /// `{control}`: the control number of the interchange, nine digits.
    Control,
    /// `{group}`: the control number of the first group.
    Group,
    /// `{date}`: the day, CCYYMMDD, in the zone of the schedule.
    Date,
    /// `{time}`: the time, HHMMSS.
    Time,
    /// `{partner}`: the id of the partner.
    Partner,
    /// `{usage}`: `T` or `P`.
    Usage,
    /// `{account}`: the account number, where a file is about one.
    Account,
    /// `{sequence}`: a number that goes up by one with each file of the partner, six digits.
    Sequence,
}

const PLACEHOLDERS: [(&str, Placeholder); 9] = [
    ("set", Placeholder::Set),
    ("control", Placeholder::Control),
    ("group", Placeholder::Group),
    ("date", Placeholder::Date),
    ("time", Placeholder::Time),
    ("partner", Placeholder::Partner),
    ("usage", Placeholder::Usage),
    ("account", Placeholder::Account),
    ("sequence", Placeholder::Sequence),
];

/// What is put in the place of placeholders.
#[derive(Debug, Clone, Copy)]
pub struct Named<'n> {
    /// `{set}`.
    pub set: &'n str,
    /// `{control}`.
    pub control: u32,
    /// `{group}`.
    pub group: u32,
    /// `{date}` and `{time}`, on the clock of the schedule's zone.
    pub local: DateTime,
    /// `{partner}`.
    pub partner: &'n str,
    /// `{usage}`.
    pub usage: &'n str,
    /// `{account}`; nothing where a file is about several.
    pub account: &'n str,
    /// `{sequence}`.
    pub sequence: u64,
}

impl FileName {
    /// `{set}-{control}.edi`, which holds where nothing else is agreed.
    pub fn usual() -> FileName {
        "{set}-{control}.edi".parse().expect("a test reads it")
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether two files of a partner have different names in any case: a control number or a
    /// sequence is in it.
    pub fn is_unique(&self) -> bool {
        let tells = |part: &Part| {
            matches!(
                part,
                Part::Placeholder(
                    Placeholder::Control | Placeholder::Group | Placeholder::Sequence
                )
            )
        };
        self.parts.iter().any(tells)
    }

    /// The name of one file. What would not be plain in a name is `_`.
    pub fn fill(&self, named: &Named<'_>) -> String {
        let local = named.local;
        let mut name = String::new();
        for part in &self.parts {
            let filled = match part {
                Part::Text(text) => text.clone(),
                Part::Placeholder(placeholder) => match placeholder {
                    Placeholder::Set => named.set.to_string(),
                    Placeholder::Control => format!("{:09}", named.control),
                    Placeholder::Group => named.group.to_string(),
                    Placeholder::Date => {
                        format!("{:04}{:02}{:02}", local.year(), local.month(), local.day())
                    }
                    Placeholder::Time => {
                        format!("{:02}{:02}{:02}", local.hour(), local.minute(), local.second())
                    }
                    Placeholder::Partner => named.partner.to_string(),
                    Placeholder::Usage => named.usage.to_string(),
                    Placeholder::Account => named.account.to_string(),
                    Placeholder::Sequence => format!("{:06}", named.sequence),
                },
            };
            name.extend(filled.chars().map(|c| if is_plain(c) { c } else { '_' }));
        }
        name
    }
}

impl FromStr for FileName {
    type Err = NameError;

    fn from_str(text: &str) -> Result<FileName, NameError> {
        plain(text, "{}")?;
        let mut parts = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let at = text.len() - rest.len();
            let wrong = |message: &str| NameError { at, message: message.to_string() };
            let cut = rest.find(['{', '}']).unwrap_or(rest.len());
            if cut > 0 {
                parts.push(Part::Text(rest[..cut].to_string()));
                rest = &rest[cut..];
            } else if let Some(inside) = rest.strip_prefix('{') {
                let (word, after) =
                    inside.split_once('}').ok_or_else(|| wrong("`{` without its `}`"))?;
                let found = PLACEHOLDERS.iter().find(|(name, _)| *name == word);
                let known: Vec<String> =
                    PLACEHOLDERS.iter().map(|(name, _)| format!("{{{name}}}")).collect();
                let (_, placeholder) = found.ok_or_else(|| {
                    wrong(&format!("there is no placeholder of this name; {}", known.join(" ")))
                })?;
                parts.push(Part::Placeholder(*placeholder));
                rest = after;
            } else {
                return Err(wrong("`}` without its `{`"));
            }
        }
        Ok(FileName { text: text.to_string(), parts })
    }
}

/// Whether a character may stand in a name of ours.
fn is_plain(c: char) -> bool {
    c.is_ascii_alphanumeric() || "._-+ ".contains(c)
}

/// Refuses what cannot be the name of a file in one folder, on any system.
fn plain(text: &str, besides: &str) -> Result<(), NameError> {
    let wrong = |at: usize, message: &str| Err(NameError { at, message: message.to_string() });
    if text.is_empty() || text.len() > LONGEST {
        return wrong(0, "a name has 1 to 200 characters");
    }
    if text.starts_with('.') {
        return wrong(0, "a name that begins with a point is hidden, and taken for unfinished");
    }
    match text.char_indices().find(|(_, c)| !is_plain(*c) && !besides.contains(*c)) {
        Some((at, '/' | '\\')) => wrong(at, "a name has no folder in it"),
        Some((at, _)) => wrong(at, "a name has letters, digits and . _ - + only"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        for (pattern, name, expected) in [
            ("*", "anything", true),
            ("*.edi", "a.edi", true),
            ("*.edi", "a.edi.tmp", false),
            ("867*.edi", "867-1.edi", true),
            ("867*.edi", "810-1.edi", false),
            ("?.x12", "a.x12", true),
            ("?.x12", "ab.x12", false),
            ("*a*b*", "xxaxxbxx", true),
            ("*a*b", "aab", true),
            ("*a*b", "ba", false),
            ("A*", "a", false),
            ("a", "", false),
        ] {
            let pattern: NamePattern = pattern.parse().expect("a pattern");
            assert_eq!(pattern.matches(name.as_bytes()), expected, "{} {name}", pattern.as_str());
        }
        let many: NamePattern = "*a".repeat(90).parse().expect("a pattern");
        assert!(!many.matches(
            "a".repeat(20_000).as_bytes().split_last().expect("some").1.get(..80).expect("80")
        ));
    }

    #[test]
    fn a_template_is_filled_and_stays_a_name() {
        let named = Named {
            set: "867",
            control: 42,
            group: 7,
            local: jiff::civil::date(2026, 3, 9).at(6, 5, 4, 0),
            partner: "prairie-power",
            usage: "T",
            account: "../x",
            sequence: 3,
        };
        let fill = |text: &str| text.parse::<FileName>().expect("a template").fill(&named);
        assert_eq!(fill("{set}-{control}.edi"), "867-000000042.edi");
        assert_eq!(
            fill("{partner}_{usage}_{date}{time}_{sequence}.x12"),
            "prairie-power_T_20260309060504_000003.x12"
        );
        assert_eq!(fill("a{account}"), "a.._x");
        assert!(FileName::usual().is_unique());
        assert!(!"{set}-{date}.edi".parse::<FileName>().expect("a template").is_unique());
    }

    #[test]
    fn what_is_no_name_is_refused_at_its_place() {
        let at = |text: &str| text.parse::<FileName>().expect_err("refused").at;
        assert_eq!(at("a/{set}"), 1);
        assert_eq!(at("{set}{sett}"), 5);
        assert_eq!(at("{set}-{control"), 6);
        assert_eq!(at("x}"), 1);
        assert_eq!(at(".hidden"), 0);
        assert_eq!(at("a\u{e9}"), 1);
        assert!("..".parse::<NamePattern>().is_err());
        assert!("a/*".parse::<NamePattern>().is_err());
    }
}
