//! `partner guide`: what a partner's EDI people need to know, as a page made of its files.

use std::fmt::Write as _;
use std::io::Write;
use std::path::PathBuf;

use tieline_partner::GuideFile;
use tieline_partner::profile::{Direction, Document, Usage};
use tieline_partner::{Partner, PartnerBook};
use tieline_x12::guide::Rule;
use tieline_x12::table;

use super::show::{sections, shown_schedule};
use super::{DirectoryArg, as2, find};
use crate::commands::sample;
use crate::console::Console;
use crate::exit;
use crate::output::{write_file, write_out};
use crate::partners::PartnerArgs;
use crate::report::markup::escaped;

/// Write the companion guide for a partner: ids, answers, times, rules of each document, samples
///
/// It is made of the partner's files, so it says what the gateway does. No secret and no name of one
/// is in it.
#[derive(Debug, clap::Args)]
pub(crate) struct GuideArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// A page for a browser; Markdown when not given
    #[arg(long)]
    html: bool,

    /// The file to write; standard output when not given
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &GuideArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    let partner = find(&book, &args.id)?;
    let blocks = blocks(partner, &book, args)?;
    let title = format!("Companion guide for {}", partner.profile().name);
    let page = if args.html { html(&title, &blocks) } else { markdown(&title, &blocks) };
    let write = |out: &mut dyn Write| Ok(out.write_all(page.as_bytes())?);
    match &args.output {
        Some(path) => write_file(path, write)?,
        None => write_out(console.out, write)?,
    }
    Ok(exit::ACCEPTED)
}

/// A part of the page.
enum Block {
    Heading(String),
    Text(String),
    /// A caption, the headings, the rows.
    Table(String, Vec<&'static str>, Vec<Vec<String>>),
    Sample(String),
}

fn blocks(partner: &Partner, book: &PartnerBook, args: &GuideArgs) -> anyhow::Result<Vec<Block>> {
    let profile = partner.profile();
    let mut blocks = Vec::new();
    if let Some(utility) = book.utility() {
        blocks.push(Block::Text(format!("How {} exchanges documents with you.", utility.name)));
        let id = |usage| {
            let id = utility.x12.id_for(usage);
            format!("{} {}", id.qualifier, id.id)
        };
        let rows = vec![
            vec!["tests".to_string(), id(Usage::Test)],
            vec!["production".to_string(), id(Usage::Production)],
        ];
        blocks.push(Block::Table("Our interchange ids".to_string(), vec!["for", "ISA"], rows));
    }
    // Where secrets are kept, and what we ourselves do with files, is not for others.
    let ours = ["exports", "alerts and retention", "as2"];
    for (heading, lines) in sections(profile) {
        if lines.is_empty() || ours.contains(&heading.as_str()) || heading.starts_with("documents")
        {
            continue;
        }
        let lines = lines
            .into_iter()
            .filter(|(what, _)| !["key", "password", "ein"].contains(&what.as_str()));
        let rows = lines.map(|(what, value)| vec![what, value]).collect();
        blocks.push(Block::Table(heading, vec!["what", "value"], rows));
    }
    let as2 = as2::theirs(partner, book);
    if !as2.is_empty() {
        let text = "Compare the fingerprints with us by phone before anything is exchanged.";
        blocks.push(Block::Table("AS2".to_string(), vec!["what", "value"], as2));
        blocks.push(Block::Text(text.to_string()));
    }
    for document in &profile.documents {
        document_blocks(document, partner, args, &mut blocks)?;
    }
    Ok(blocks)
}

fn document_blocks(
    document: &Document,
    partner: &Partner,
    args: &GuideArgs,
    blocks: &mut Vec<Block>,
) -> anyhow::Result<()> {
    let who = match document.direction {
        Direction::In => "you send it to us",
        Direction::Out => "we send it to you",
    };
    blocks.push(Block::Heading(format!("{}: {who}", document.set)));
    if let Some(schedule) = &document.schedule {
        blocks.push(Block::Text(format!("When: {}.", shown_schedule(schedule))));
    }
    let release = partner.profile().x12.release;
    let guide = partner.guide_file(&document.set, release);
    match guide {
        Some(file) => {
            let rows = file.guide.rules.iter().map(rule_row).collect();
            let headings = vec!["rule", "where", "asks for", "what to send"];
            blocks.push(Block::Table(file.guide.title.clone(), headings, rows));
        }
        None => blocks.push(Block::Text("The standard alone counts.".to_string())),
    }
    let guides = PartnerArgs::of(&partner.profile().id, args.directory.path()).load()?;
    // Not every guide can be met by what samples are made of; the page is good without one.
    if let Ok(bytes) = sample::for_guide(&document.set, guide.map(base), release, &guides) {
        blocks.push(Block::Text("A sample; everything in it is invented:".to_string()));
        blocks.push(Block::Sample(String::from_utf8_lossy(&bytes).into_owned()));
    }
    Ok(())
}

/// What samples of it are called: that of the built-in guide it starts from.
fn base(file: &GuideFile) -> &str {
    let name = file.base.as_deref().unwrap_or(&file.guide.name);
    name.strip_prefix("utility/").unwrap_or(name)
}

fn rule_row(rule: &Rule) -> Vec<String> {
    let mut asks = Vec::new();
    match rule.usage {
        Some(table::Usage::Must) => asks.push("must be there".to_string()),
        Some(table::Usage::Never) => asks.push("must not be there".to_string()),
        _ => {}
    }
    if let Some(max) = rule.max {
        asks.push(format!("at most {max}"));
    }
    if !rule.codes.is_empty() {
        asks.push(format!("one of {}", rule.codes.join(", ")));
    }
    match (rule.min_length, rule.max_length) {
        (Some(min), Some(max)) => asks.push(format!("{min} to {max} characters")),
        (Some(min), None) => asks.push(format!("{min} characters or more")),
        (None, Some(max)) => asks.push(format!("at most {max} characters")),
        (None, None) => {}
    }
    let place = match &rule.when {
        Some(when) => format!("{} when {when}", rule.at),
        None => rule.at.to_string(),
    };
    vec![rule.id.clone(), place, asks.join("; "), rule.note.clone().unwrap_or_default()]
}

fn markdown(title: &str, blocks: &[Block]) -> String {
    let cell = |text: &str| text.replace('|', "\\|");
    let mut page = format!("# {title}\n");
    for block in blocks {
        page.push('\n');
        match block {
            Block::Heading(text) => _ = writeln!(page, "## {text}"),
            Block::Text(text) => _ = writeln!(page, "{text}"),
            Block::Table(caption, headings, rows) => {
                _ = writeln!(page, "**{caption}**\n\n| {} |", headings.join(" | "));
                _ = writeln!(page, "|{}", "---|".repeat(headings.len()));
                for row in rows {
                    let row: Vec<String> = row.iter().map(|text| cell(text)).collect();
                    _ = writeln!(page, "| {} |", row.join(" | "));
                }
            }
            Block::Sample(text) => _ = writeln!(page, "```\n{}\n```", text.trim_end()),
        }
    }
    page
}

const HEAD: &str = r#"<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<style>
:root { color-scheme: light dark; --line: #767676; }
body { font: 1rem/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: start; font-weight: bold; padding: .25rem 0; }
th, td { border: 1px solid var(--line); padding: .35rem .5rem; text-align: start; vertical-align: top; overflow-wrap: anywhere; }
pre { overflow-x: auto; border: 1px solid var(--line); padding: .5rem; }
@media print { body { max-width: none; } pre { white-space: pre-wrap; } tr { break-inside: avoid; } }
</style>
"#;

fn html(title: &str, blocks: &[Block]) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<title>{0}</title>\n{HEAD}</head>\n<body>\n\
         <main>\n<h1>{0}</h1>\n",
        escaped(title)
    );
    for block in blocks {
        match block {
            Block::Heading(text) => _ = writeln!(page, "<h2>{}</h2>", escaped(text)),
            Block::Text(text) => _ = writeln!(page, "<p>{}</p>", escaped(text)),
            Block::Table(caption, headings, rows) => {
                _ = write!(page, "<table>\n<caption>{}</caption>\n<thead><tr>", escaped(caption));
                for heading in headings {
                    _ = write!(page, "<th scope=\"col\">{heading}</th>");
                }
                page.push_str("</tr></thead>\n<tbody>\n");
                for row in rows {
                    page.push_str("<tr>");
                    for (n, text) in row.iter().enumerate() {
                        let (open, close) =
                            if n == 0 { ("th scope=\"row\"", "th") } else { ("td", "td") };
                        _ = write!(page, "<{open}>{}</{close}>", escaped(text));
                    }
                    page.push_str("</tr>\n");
                }
                page.push_str("</tbody>\n</table>\n");
            }
            Block::Sample(text) => {
                _ = writeln!(page, "<pre tabindex=\"0\">{}</pre>", escaped(text))
            }
        }
    }
    page.push_str("</main>\n</body>\n</html>\n");
    page
}
