//! `show`: a document for the eye: as a tree in words, as a table, or raw.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use tieline_x12::dictionary;
use tieline_x12::segment::SegmentId;
use tieline_x12::table::{ElementUse, Release};
use tieline_x12::tree::Tree;

use crate::console::Console;
use crate::each_set::EachSet;
use crate::partners::PartnerArgs;
use crate::{exit, reading, text};

/// Show a document in words: segments, elements and what their codes mean
///
/// Nothing is judged; a wrong document is shown as far as it can be understood, and a segment
/// without a place in its set is marked with a question mark.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline show samples/810/commercial.edi
  tieline show usage.edi --view table
  tieline show usage.edi --path ST[2]/PTD[1]")]
pub(crate) struct ShowArgs {
    /// The file to show; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// How to show it
    #[arg(long, value_enum, value_name = "VIEW", default_value = "tree")]
    view: View,

    /// Show only what this way leads to, e.g. `ST[2]/PTD[1]`, `PTD[1]/QTY[17]` or `N1`
    #[arg(long, value_name = "PATH")]
    path: Option<String>,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum View {
    /// Loops, segments and elements with their names, codes with their meanings
    Tree,
    /// One segment to a line, with its number and the way to it
    Table,
    /// One segment to a line, as it stands in the file
    Raw,
}

pub(crate) fn run(args: &ShowArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let plans = args.partners.load()?;
    let mut found = false;
    let mut failed = None;
    let out = &mut *console.out;
    let mut each = EachSet::new(|root: Tree<'_>, path: &str| {
        if failed.is_some() {
            return;
        }
        let mut page = Page {
            text: String::new(),
            view: args.view,
            wanted: args.path.as_deref(),
            release: root.release(),
        };
        page.node(root, path, 0);
        found |= !page.text.is_empty();
        failed = out.write_all(page.text.as_bytes()).err();
    });
    let totals = reading::check(&args.file, &plans, &mut each, |_, _| true)?;
    if let Some(error) = failed {
        return Err(error.into());
    }
    match (totals.not_x12, found, &args.path) {
        (true, ..) => {
            let name = reading::name(&args.file);
            console.complain(&format_args!("{name}: this is not an X12 file"));
            Ok(exit::NOT_EDI)
        }
        (_, false, Some(path)) => {
            console.complain(&format_args!("nothing in the file is at {path}"));
            Ok(exit::FINDINGS)
        }
        _ => Ok(exit::ACCEPTED),
    }
}

/// The text of one set.
struct Page<'a> {
    text: String,
    view: View,
    wanted: Option<&'a str>,
    release: Release,
}

impl Page<'_> {
    fn node(&mut self, node: Tree<'_>, path: &str, depth: usize) {
        if self.is_wanted(path) {
            self.segment(node, path, depth);
        }
        let mut counts: HashMap<SegmentId, u32> = HashMap::new();
        for child in node.children() {
            let count = counts.entry(child.id()).or_default();
            *count += 1;
            let path = format!("{path}/{}[{count}]", child.id());
            self.node(child, &path, depth + usize::from(node.opens_loop()));
        }
    }

    /// Whether the way leads to, or through, what was asked for.
    fn is_wanted(&self, path: &str) -> bool {
        let Some(wanted) = self.wanted else { return true };
        let wanted: Vec<&str> = wanted.trim_matches('/').split('/').collect();
        let steps: Vec<&str> = path.split('/').collect();
        // A step without a number means each of them.
        let is_step = |(step, wanted): (&&str, &&str)| {
            step == wanted || step.strip_prefix(*wanted).is_some_and(|rest| rest.starts_with('['))
        };
        steps.windows(wanted.len()).any(|part| part.iter().zip(&wanted).all(is_step))
    }

    fn segment(&mut self, node: Tree<'_>, path: &str, depth: usize) {
        let number = node.ordinal();
        let raw = text::shown(node.segment());
        let _ = match self.view {
            View::Raw => writeln!(self.text, "{raw}"),
            View::Table => writeln!(self.text, "{number:>6}  {path:<44}  {raw}"),
            View::Tree => {
                self.in_words(node, depth);
                Ok(())
            }
        };
    }

    fn in_words(&mut self, node: Tree<'_>, depth: usize) {
        let indent = "  ".repeat(depth);
        let id = node.id();
        let segment = dictionary::segment(self.release, id.as_bytes());
        let name = segment.map_or("not a segment of this release", |segment| segment.name);
        let mark = if node.is_placed() { ' ' } else { '?' };
        let number = node.ordinal();
        let _ = writeln!(self.text, "{number:>6} {mark}{indent}{id}  {name}");
        for (n, value) in (1usize..).zip(node.elements()) {
            if value.is_empty() {
                continue;
            }
            let used = segment.and_then(|segment| segment.elements.get(n - 1));
            let composite = used.and_then(|used| dictionary::composite(self.release, used.element));
            match composite {
                Some(composite) => {
                    for (c, part) in (1usize..).zip(node.components(n)) {
                        let used = composite.components.get(c - 1);
                        self.element(&indent, &format!("{n:02}-{c}"), used, part);
                    }
                }
                None => self.element(&indent, &format!("{n:02}"), used, value),
            }
        }
    }

    fn element(&mut self, indent: &str, n: &str, used: Option<&ElementUse>, value: &[u8]) {
        if value.is_empty() {
            return;
        }
        let name = used.map_or("not in the table", |used| used.name);
        let meaning = used.and_then(|used| meaning(self.release, used.element, value));
        let shown = match used.and_then(|used| dictionary::element(self.release, used.element)) {
            Some(element) if element.kind == tieline_x12::table::Kind::Dt => text::date(value),
            _ => text::shown(value),
        };
        let meaning = meaning.map(|meaning| format!("  ({meaning})")).unwrap_or_default();
        let _ = writeln!(self.text, "        {indent}    {n:<5} {name:<34} {shown}{meaning}");
    }
}

/// What a code means.
fn meaning(release: Release, element: &str, value: &[u8]) -> Option<&'static str> {
    let list = dictionary::code_list(element)?;
    let mut codes = list.codes.iter().filter(|code| code.releases.has(release));
    codes.find(|code| code.code.as_bytes() == value).map(|code| code.meaning)
}
