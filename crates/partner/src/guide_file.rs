//! A guide file: the text of one `<set>.guide.toml`, read into a guide.
//!
//! ```toml
//! set = "867"
//! title = "What Prairie Power takes from us"
//! base = "utility/867-interval"     # its rules come first
//! drop = ["summary"]                # rules of the base that are left out
//!
//! [options]
//! hour_24 = true
//!
//! [[row]]
//! at = "PTD*PM/QTY"
//! max = 3072
//! note = "32 days of 15-minute intervals; send the rest in a second document"
//! ```
//!
//! Reading checks what a file says as far as that goes without the tables of the standard;
//! [`GuideFile::plan`] lays it over them and tells the rest.

use std::collections::HashSet;
use std::ops::Range;

use tieline_x12::finding::Severity;
use tieline_x12::guide::{CharacterSet, Condition, GrammarError, Guide, Options, Path, Rule};
use tieline_x12::plan::{GuideFault, Plan};
use tieline_x12::sets;
use tieline_x12::table::{Release, Usage};

use crate::builtin;
use crate::file_error::FileError;
use crate::toml_file::{At, Faults, Source, Table};

const KEYS: [&str; 7] = ["set", "release", "title", "base", "drop", "options", "row"];
const OPTION_KEYS: [&str; 2] = ["hour_24", "characters"];
const ROW_KEYS: [&str; 10] =
    ["at", "id", "when", "usage", "max", "codes", "min_length", "max_length", "severity", "note"];

pub(crate) const RELEASES: [(&str, Release); 2] =
    [("004010", Release::V004010), ("005010", Release::V005010)];
const USAGES: [(&str, Usage); 3] =
    [("must", Usage::Must), ("may", Usage::May), ("never", Usage::Never)];
const SEVERITIES: [(&str, Severity); 2] =
    [("error", Severity::Error), ("warning", Severity::Warning)];
const CHARACTERS: [(&str, CharacterSet); 4] = [
    ("basic", CharacterSet::Basic),
    ("extended", CharacterSet::Extended),
    ("utf-8", CharacterSet::Utf8),
    ("latin-1", CharacterSet::Latin1),
];

/// A guide and the text it was read from.
#[derive(Debug, Clone)]
pub struct GuideFile {
    /// The guide.
    pub guide: Guide,
    /// The built-in guide it starts from.
    pub base: Option<String>,
    source: Source,
    /// The value of `base`; where faults of its rules are shown.
    base_span: Range<usize>,
    /// Where the file's own rules stand; in the guide they follow those of the base.
    rules: Vec<RulePlaces>,
}

/// Where one rule stands in its file.
#[derive(Debug, Clone)]
struct RulePlaces {
    row: Range<usize>,
    /// The keys it has, and where their values stand.
    keys: Vec<(&'static str, Range<usize>)>,
}

impl GuideFile {
    /// Reads the text of a guide file.
    ///
    /// `name` is what the guide is called, e.g. `prairie-power/867`; `file` is what errors call the
    /// file.
    ///
    /// # Errors
    ///
    /// Everything that is wrong with the file, from top to bottom; only the first fault if it is not
    /// TOML at all.
    pub fn read(name: &str, file: &str, text: &str) -> Result<GuideFile, Vec<FileError>> {
        let source = Source { file: file.to_string(), text: text.to_string() };
        read(name, &source, builtin::all())
    }

    /// The text of the file.
    pub fn text(&self) -> &str {
        &self.source.text
    }

    /// What errors call the file.
    pub fn file(&self) -> &str {
        &self.source.file
    }

    /// Reads the guide file at a path; errors call the file by it.
    ///
    /// # Errors
    ///
    /// As [`GuideFile::read`], and when the file cannot be read.
    pub fn open(name: &str, path: &std::path::Path) -> Result<GuideFile, Vec<FileError>> {
        read(name, &Source::open(path)?, builtin::all())
    }

    /// Lays the guide over the standard's table of its set in a release, which may be another than
    /// the one it was written for.
    ///
    /// # Errors
    ///
    /// Every rule that names a place the set does not have, or that would widen the standard; and a
    /// set there is no table for.
    pub fn plan(&self, release: Release) -> Result<Plan, Vec<FileError>> {
        let Some(set) = sets::find(release, self.guide.set.as_bytes()) else {
            let message = format!("there is no table for the {} of {release}", self.guide.set);
            return Err(vec![FileError::whole(self.file(), message)]);
        };
        Plan::compile(set, Some(&self.guide)).map_err(|faults| {
            let error = |fault: &GuideFault| {
                self.fault(fault.rule, fault.key, &fault.message, fault.suggestion.as_deref())
            };
            faults.iter().map(error).collect()
        })
    }

    /// An error about one rule of the guide, for faults that show only against the standard's tables.
    ///
    /// `rule` is its index in the guide and `key` the key of it that is wrong, e.g. `at`. A fault of
    /// a rule that came with the base is shown at `base`, and the message names the rule.
    pub fn fault(
        &self,
        rule: usize,
        key: &str,
        message: &str,
        suggestion: Option<&str>,
    ) -> FileError {
        let inherited = self.guide.rules.len().saturating_sub(self.rules.len());
        let mut error = match rule.checked_sub(inherited).and_then(|own| self.rules.get(own)) {
            Some(places) => {
                let span = places.value_of(key).unwrap_or(places.row.clone());
                self.source.error(span, message)
            }
            None => {
                let id = self.guide.rules.get(rule).map_or("?", |rule| &rule.id);
                let base = self.base.as_deref().unwrap_or("the base");
                let message = format!("rule `{id}` of {base}: {message}");
                self.source.error(self.base_span.clone(), message)
            }
        };
        error.help = suggestion.map(|word| format!("did you mean `{word}`?"));
        error
    }
}

/// Reads a guide file that may start from one of `bases`.
pub(crate) fn read(
    name: &str,
    source: &Source,
    bases: &[GuideFile],
) -> Result<GuideFile, Vec<FileError>> {
    let parsed = source.parse()?;
    let mut faults = Faults::new(source);
    let file = Table::top(&parsed, &KEYS, &mut faults);

    let (base, base_span) = match file.text("base", &mut faults) {
        Some(at) => (find_base(&at, bases, &mut faults), at.span),
        None => (None, 0..0),
    };
    let set = read_set(&file, base, &mut faults);
    let release = file.word("release", &RELEASES, &mut faults).unwrap_or(Release::V004010);
    let title = file.prose("title", &mut faults).or_else(|| Some(base?.guide.title.clone()));
    let options = read_options(&file, base, &mut faults);

    let mut rules = inherited_rules(&file, base, &mut faults);
    let mut ids: HashSet<String> = rules.iter().map(|rule| rule.id.clone()).collect();
    let from_base = ids.clone();
    let mut places = Vec::new();
    for row in file.tables("row", "[[row]]", &ROW_KEYS, &mut faults) {
        let Some((rule, at)) = read_rule(&row, &mut faults) else { continue };
        if !ids.insert(rule.id.clone()) {
            let (message, help) = if from_base.contains(&rule.id) {
                let base = base.map_or("the base", |base| &base.guide.name);
                let message = format!("{base} has a rule `{}` already", rule.id);
                (message, "name it in `drop` to replace it, or give this one another `id`")
            } else {
                let message = format!("there is a rule `{}` already", rule.id);
                (message, "give each rule an `id` of its own")
            };
            let key = ["id", "at"].into_iter().find_map(|key| at.value_of(key));
            faults.with_help(key.unwrap_or(at.row.clone()), message, help);
        }
        rules.push(rule);
        places.push(at);
    }

    let guide = set.map(|set| Guide {
        name: name.to_string(),
        title: title.unwrap_or_default(),
        set,
        release,
        options,
        rules,
    });
    let base = base.map(|base| base.guide.name.clone());
    let guide = faults.into_result(guide)?;
    Ok(GuideFile { guide, base, base_span, rules: places, source: source.clone() })
}

impl RulePlaces {
    fn value_of(&self, key: &str) -> Option<Range<usize>> {
        self.keys.iter().find(|(name, _)| *name == key).map(|(_, span)| span.clone())
    }
}

fn find_base<'b>(
    at: &At<String>,
    bases: &'b [GuideFile],
    faults: &mut Faults<'_>,
) -> Option<&'b GuideFile> {
    let found = bases.iter().find(|base| base.guide.name == at.value);
    if found.is_none() {
        let known: Vec<&str> = bases.iter().map(|base| base.guide.name.as_str()).collect();
        faults.unknown(at.span.clone(), "built-in guide", &at.value, &known);
    }
    found
}

fn read_set(file: &Table<'_>, base: Option<&GuideFile>, faults: &mut Faults<'_>) -> Option<String> {
    file.require("set", faults);
    let set = file.text("set", faults)?;
    if !is_set_number(&set.value) {
        faults.at(set.span, "`set` must be the three digits of a transaction set, e.g. \"867\"");
        return None;
    }
    match base {
        Some(base) if base.guide.set != set.value => {
            let message = format!(
                "this is a guide for the {}, and {} is one for the {}",
                set.value, base.guide.name, base.guide.set
            );
            faults.at(set.span, message);
        }
        _ => {}
    }
    Some(set.value)
}

/// Whether this is the number of a transaction set: three digits.
pub(crate) fn is_set_number(text: &str) -> bool {
    text.len() == 3 && text.bytes().all(|digit| digit.is_ascii_digit())
}

fn read_options(file: &Table<'_>, base: Option<&GuideFile>, faults: &mut Faults<'_>) -> Options {
    let mut options = base.map(|base| base.guide.options).unwrap_or_default();
    if let Some(table) = file.table("options", "[options]", &OPTION_KEYS, faults) {
        options.hour_24 = table.flag("hour_24", faults).unwrap_or(options.hour_24);
        let characters = table.word("characters", &CHARACTERS, faults);
        options.characters = characters.unwrap_or(options.characters);
    }
    options
}

/// The rules of the base, without those that the file drops.
fn inherited_rules(
    file: &Table<'_>,
    base: Option<&GuideFile>,
    faults: &mut Faults<'_>,
) -> Vec<Rule> {
    let mut rules = base.map(|base| base.guide.rules.clone()).unwrap_or_default();
    let Some(drop) = file.texts("drop", faults) else { return rules };
    if file.value("base").is_none() {
        faults.at(drop.span, "`drop` leaves out rules of a `base`, and there is none");
        return rules;
    }
    // A base that is not known has its own error; its rules cannot be.
    let Some(base) = base else { return rules };
    for dropped in drop.value {
        let before = rules.len();
        rules.retain(|rule| rule.id != dropped.value);
        if rules.len() == before {
            let known: Vec<&str> = base.guide.rules.iter().map(|rule| rule.id.as_str()).collect();
            let what = format!("rule of {},", base.guide.name);
            faults.unknown(dropped.span, &what, &dropped.value, &known);
        }
    }
    rules
}

fn read_rule(row: &Table<'_>, faults: &mut Faults<'_>) -> Option<(Rule, RulePlaces)> {
    let keys = ROW_KEYS.iter().filter_map(|key| Some((*key, row.value(key)?))).collect();
    let places = RulePlaces { row: row.span.clone(), keys };
    row.require("at", faults);
    let at = row.text("at", faults);
    let path = at.as_ref().and_then(|at| grammar::<Path>(at, faults));
    let when = row.text("when", faults).and_then(|when| grammar::<Condition>(&when, faults));
    let id = row.text("id", faults);
    let usage = row.word("usage", &USAGES, faults);
    let max = row.count("max", u32::MAX - 1, faults);
    let codes = row.texts("codes", faults).map(|codes| codes.value).unwrap_or_default();
    let codes = codes.into_iter().map(|code| code.value).collect();
    let min_length = row.count("min_length", u32::from(u16::MAX), faults);
    let max_length = row.count("max_length", u32::from(u16::MAX), faults);
    let severity = row.word("severity", &SEVERITIES, faults).unwrap_or(Severity::Error);
    let note = row.prose("note", faults);

    let (at, path) = (at?, path?);
    let rule = Rule {
        id: match (id, &when) {
            (Some(id), _) => id.value,
            (None, Some(when)) => format!("{} when {when}", at.value),
            (None, None) => at.value,
        },
        at: path,
        when,
        usage,
        max: max.map(|max| max.value),
        codes,
        min_length: min_length.and_then(|length| u16::try_from(length.value).ok()),
        max_length: max_length.and_then(|length| u16::try_from(length.value).ok()),
        severity,
        note,
    };
    check_sense(&rule, &places, faults);
    Some((rule, places))
}

/// Refuses a rule whose keys do not go together.
fn check_sense(rule: &Rule, places: &RulePlaces, faults: &mut Faults<'_>) {
    let narrowing = ["usage", "max", "codes", "min_length", "max_length"];
    if !narrowing.iter().any(|key| places.value_of(key).is_some()) {
        let help = format!("give one of {}", narrowing.join(", "));
        faults.with_help(places.row.clone(), "this rule asks for nothing", help);
    }
    let mut refuse = |key: &str, why: &str| {
        if let Some(span) = places.value_of(key) {
            faults.at(span, format!("`{key}` {why}"));
        }
    };
    if rule.usage == Some(Usage::Never) {
        for key in ["max", "codes", "min_length", "max_length"] {
            refuse(key, "says nothing about what must never be there");
        }
    }
    if rule.at.element.is_some() {
        refuse("max", "counts segments and loops, and `at` names an element");
    } else {
        for key in ["min_length", "max_length"] {
            refuse(key, "is about an element, and `at` names none, such as /02");
        }
    }
    if let (Some(min), Some(max)) = (rule.min_length, rule.max_length)
        && min > max
    {
        refuse("min_length", "is more than `max_length`");
    }
}

/// Reads a path or a condition; the error stands inside the string, where the reading stopped.
fn grammar<T>(at: &At<String>, faults: &mut Faults<'_>) -> Option<T>
where
    T: std::str::FromStr<Err = GrammarError>,
{
    match at.value.parse() {
        Ok(it) => Some(it),
        Err(error) => {
            // Without escapes, the string is as long in the file as it is here, and its quotes.
            let span = if at.span.len() == at.value.len() + 2 {
                let stopped = (at.span.start + error.at).min(at.span.end - 1);
                stopped..stopped + 1
            } else {
                at.span.clone()
            };
            faults.at(span, error.to_string());
            None
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "set = \"867\"\n";

    fn guide(text: &str) -> GuideFile {
        let text = format!("{HEAD}{text}");
        match GuideFile::read("prairie-power/867", "867.guide.toml", &text) {
            Ok(file) => file,
            Err(errors) => panic!("{}", shown(&errors)),
        }
    }

    fn refused(text: &str) -> String {
        let text = format!("{HEAD}{text}");
        let errors = GuideFile::read("prairie-power/867", "867.guide.toml", &text);
        shown(&errors.expect_err("refused"))
    }

    fn shown(errors: &[FileError]) -> String {
        errors.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn a_guide_reads() {
        let file = guide(
            r#"
title = "One"
[options]
hour_24 = true
characters = "utf-8"
[[row]]
at = "PTD*PM/QTY/DTM*582/04"
when = "BPT04 = C1"
usage = "must"
codes = ["CS", "CD"]
severity = "warning"
note = """
one
  two"""
[[row]]
id = "long"
at = "BPT/02"
min_length = 2
max_length = 22
"#,
        );
        let guide = file.guide;
        assert_eq!((guide.name.as_str(), guide.title.as_str()), ("prairie-power/867", "One"));
        assert_eq!(guide.options, Options { hour_24: true, characters: CharacterSet::Utf8 });
        let rule = &guide.rules[0];
        assert_eq!(rule.id, "PTD*PM/QTY/DTM*582/04 when BPT04 = C1");
        assert_eq!((rule.usage, rule.severity), (Some(Usage::Must), Severity::Warning));
        assert_eq!((rule.codes.len(), rule.note.as_deref()), (2, Some("one two")));
        let rule = &guide.rules[1];
        assert_eq!((rule.min_length, rule.max_length), (Some(2), Some(22)));
    }

    #[test]
    fn an_unknown_key_is_refused_with_a_suggestion() {
        assert_eq!(
            refused("[[row]]\nat = \"PTD/REF\"\nusage = \"must\"\ncods = [\"MG\"]\n"),
            "error: unknown key `cods` in [[row]]\n \
             --> 867.guide.toml:5:1\n  \
             |\n\
             5 | cods = [\"MG\"]\n  \
             | ^^^^\n  \
             = help: did you mean `codes`?"
        );
    }

    #[test]
    fn a_bad_path_is_marked_inside_the_string() {
        assert_eq!(
            refused("[[row]]\nat = \"N1*8R/ref*12\"\nusage = \"must\"\n"),
            "error: a path such as `N1*8R/REF*12` or `PTD/QTY/02` expected at character 7\n \
             --> 867.guide.toml:3:13\n  \
             |\n\
             3 | at = \"N1*8R/ref*12\"\n  \
             |             ^"
        );
        let text = refused("[[row]]\nat = \"BPT\"\nmax = 1\nwhen = \"BPT04 is C1\"\n");
        assert!(text.contains("5 | when = \"BPT04 is C1\"\n  |               ^"), "{text}");
    }

    #[test]
    fn bad_values_are_all_reported_at_once() {
        let text = refused(
            "release = \"4010\"\n[[row]]\nat = \"BPT\"\nusage = \"most\"\nmax = 0\n\
             codes = [\"A\", 1, \"A\"]\n[[row]]\nid = \"x\"\n",
        );
        for part in [
            "unknown value of `release`, `4010`",
            "did you mean `004010`?",
            "unknown value of `usage`, `most`",
            "did you mean `must`?",
            "`max` must be from 1 to ",
            "`codes` must be a string, not a whole number",
            "`A` stands twice in `codes`",
            "[[row]] has no `at`",
        ] {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
        assert_eq!(text.matches("error: ").count(), 6, "{text}");
    }

    #[test]
    fn keys_that_do_not_go_together_are_refused() {
        for (row, part) in [
            ("at = \"BPT\"", "this rule asks for nothing"),
            ("at = \"BPT/02\"\nmax = 1", "`max` counts segments and loops"),
            ("at = \"BPT\"\nmax_length = 1", "`max_length` is about an element"),
            ("at = \"DTM\"\nusage = \"never\"\nmax = 1", "`max` says nothing about what must"),
            ("at = \"BPT/02\"\nmin_length = 3\nmax_length = 2", "`min_length` is more than"),
        ] {
            let text = refused(&format!("[[row]]\n{row}\n"));
            assert!(text.contains(part), "{part} is not in:\n{text}");
            assert_eq!(text.matches("error: ").count(), 1, "{text}");
        }
    }

    #[test]
    fn two_rules_cannot_have_one_id() {
        let row = "[[row]]\nat = \"REF*12\"\nusage = \"must\"\n";
        let text = refused(&format!("{row}{row}"));
        assert!(text.contains("there is a rule `REF*12` already"), "{text}");
        assert!(text.contains("--> 867.guide.toml:6:6"), "{text}");
        let base = "base = \"utility/867-interval\"\n";
        let row = "[[row]]\nid = \"meter\"\nat = \"PTD/REF*MG\"\nusage = \"must\"\n";
        let text = refused(&format!("{base}{row}"));
        assert!(text.contains("utility/867-interval has a rule `meter` already"), "{text}");
        assert!(text.contains("name it in `drop` to replace it"), "{text}");
        let file = guide(&format!("{base}drop = [\"meter\"]\n{row}"));
        assert_eq!(file.guide.rules.last().map(|rule| rule.id.as_str()), Some("meter"));
    }

    #[test]
    fn a_base_gives_its_rules_first() {
        let base = &builtin::find("utility/867-interval").expect("it is built in").guide;
        let file = guide("base = \"utility/867-interval\"\ndrop = [\"detail\"]\n");
        assert_eq!(file.guide.rules.len(), base.rules.len() - 1);
        assert_eq!(file.guide.title, base.title);
        assert_eq!(file.base.as_deref(), Some("utility/867-interval"));
    }

    #[test]
    fn an_unknown_base_or_rule_of_it_is_refused() {
        assert_eq!(
            refused("base = \"utility/867-intrval\"\ndrop = [\"detail\"]\n"),
            "error: unknown built-in guide `utility/867-intrval`\n \
             --> 867.guide.toml:2:8\n  \
             |\n\
             2 | base = \"utility/867-intrval\"\n  \
             |        ^^^^^^^^^^^^^^^^^^^^^\n  \
             = help: did you mean `utility/867-interval`?"
        );
        let text = refused("base = \"utility/867-interval\"\ndrop = [\"detial\"]\n");
        assert!(text.contains("unknown rule of utility/867-interval, `detial`"), "{text}");
        assert!(text.contains("did you mean `detail`?"), "{text}");
        let text = refused("base = \"utility/810-commercial\"\n");
        assert!(text.contains("a guide for the 867, and utility/810-commercial is"), "{text}");
        let text = refused("drop = [\"detail\"]\n");
        assert!(text.contains("`drop` leaves out rules of a `base`"), "{text}");
    }

    #[test]
    fn a_fault_found_later_stands_at_its_key() {
        let file =
            guide("base = \"utility/867-interval\"\n[[row]]\nat = \"PTD/REG\"\nusage = \"must\"\n");
        let own = file.guide.rules.len() - 1;
        assert_eq!(
            file.fault(own, "at", "there is no REG in the PTD loop", Some("REF")).to_string(),
            "error: there is no REG in the PTD loop\n \
             --> 867.guide.toml:4:6\n  \
             |\n\
             4 | at = \"PTD/REG\"\n  \
             |      ^^^^^^^^^\n  \
             = help: did you mean `REF`?"
        );
        // A key that the rule has not stands at the rule, and a rule of the base at `base`.
        assert_eq!(file.fault(own, "max", "no", None).place.map(|place| place.line), Some(3));
        let error = file.fault(0, "codes", "no such code", None);
        assert_eq!(error.message, "rule `purpose` of utility/867-interval: no such code");
        assert_eq!(error.place.map(|place| (place.line, place.column)), Some((2, 8)));
    }

    #[test]
    fn a_guide_that_does_not_fit_the_tables_has_no_plan() {
        let told = |text: &str| {
            let errors = guide(text).plan(Release::V004010).expect_err("refused");
            shown(&errors)
        };
        let text = told("[[row]]\nat = \"PTD/QTY\"\nmax = 1\n[[row]]\nat = \"QTY\"\nmax = 1\n");
        assert_eq!(text.matches("error: ").count(), 1, "{text}");
        assert!(text.contains("6 | at = \"QTY\"\n  |      ^^^^^"), "{text}");
        let text = told("[[row]]\nat = \"BPT\"\nusage = \"never\"\n");
        assert!(text.contains("4 | usage = \"never\"\n  |         ^^^^^^^"), "{text}");
        let file = GuideFile::read("a/850", "850.guide.toml", "set = \"850\"\n").expect("reads");
        let errors = file.plan(Release::V004010).expect_err("refused");
        assert_eq!(errors[0].message, "there is no table for the 850 of 004010");
    }

    #[test]
    fn a_file_cut_anywhere_or_with_a_bad_letter_is_refused_and_nothing_worse() {
        for file in builtin::all().iter().take(2) {
            let text = file.text();
            for (at, letter) in text.char_indices() {
                let _ = GuideFile::read("a/b", "b.guide.toml", &text[..at]);
                for bad in ["\u{e9}", "\0", "\"", "[", "\n"] {
                    let mut worse = text.to_string();
                    worse.replace_range(at..at + letter.len_utf8(), bad);
                    if let Err(errors) = GuideFile::read("a/b", "b.guide.toml", &worse) {
                        assert!(errors.iter().all(|error| !error.to_string().is_empty()));
                    }
                }
            }
        }
    }
}
