//! The examples of the documentation are run: what they print is what stands there.
//!
//! In a block marked `console`, a line that begins with `$ ` is a command for the shell, and what
//! follows it is its output, standard error included; a line `...` stands for any lines. A block
//! marked `console,ignore` is not run. `UPDATE_EXPECT=1` writes the outputs anew.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// The documents, and how many commands each runs at the least: an example that is not found is not
/// tested.
const DOCUMENTS: &[(&str, usize)] =
    &[("README.md", 1), ("docs/command-line.md", 12), ("docs/add-a-partner.md", 20)];

fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Runs a command line in the repository; what it prints.
fn run(line: &str) -> String {
    let line = line.replace("cargo run --release --", "tieline");
    let binary = Path::new(env!("CARGO_BIN_EXE_tieline"));
    let folder = binary.parent().expect("a binary is in a folder");
    let path = format!("{}:{}", folder.display(), std::env::var("PATH").unwrap_or_default());
    let output = Command::new("sh")
        .args(["-c", &format!("({line}) 2>&1")])
        .current_dir(repository())
        .env("PATH", path)
        .env("NO_COLOR", "1")
        .env_remove("TIELINE_PARTNERS")
        .env_remove("TIELINE_RATES")
        .output()
        .expect("there is a shell");
    without_times(&String::from_utf8_lossy(&output.stdout))
}

/// How long something took is different each time.
fn without_times(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines() {
        let cut = line.find(" ms)").and_then(|end| Some((line[..end].rfind('(')?, end)));
        match cut {
            Some((start, end)) => out += &format!("{}(0{}", &line[..start], &line[end..]),
            None => out += line,
        }
        out.push('\n');
    }
    out
}

/// Whether the output is what is expected, where `...` stands for any lines.
fn matches(expected: &[&str], found: &[&str]) -> bool {
    match expected {
        [] => found.is_empty(),
        ["...", rest @ ..] => (0..=found.len()).any(|skip| matches(rest, &found[skip..])),
        [line, rest @ ..] => {
            found.first().is_some_and(|first| first.trim_end() == line.trim_end())
                && matches(rest, &found[1..])
        }
    }
}

#[test]
fn the_examples_of_the_documentation_run() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some();
    let mut wrong = Vec::new();
    for (name, least) in DOCUMENTS {
        let path = repository().join(name);
        let text = fs::read_to_string(&path).expect(name);
        let mut new = String::new();
        let mut commands = 0;
        let mut lines = text.lines().peekable();
        while let Some(line) = lines.next() {
            new += line;
            new.push('\n');
            if line != "```console" {
                continue;
            }
            while let Some(command) = lines.next() {
                new += command;
                new.push('\n');
                if command == "```" {
                    break;
                }
                let mut expected = Vec::new();
                while let Some(output) =
                    lines.next_if(|line| *line != "```" && !line.starts_with("$ "))
                {
                    expected.push(output);
                }
                let line = command.strip_prefix("$ ").expect("a block begins with a command");
                commands += 1;
                let found = run(line);
                let found: Vec<&str> = found.lines().collect();
                if matches(&expected, &found) {
                    expected.iter().for_each(|line| new += &format!("{line}\n"));
                } else {
                    found.iter().for_each(|line| new += &format!("{}\n", line.trim_end()));
                    wrong.push(format!("{name}: {line}\n{}", found.join("\n")));
                }
            }
        }
        assert!(commands >= *least, "{name} runs {commands} commands");
        if update {
            fs::write(&path, new).expect("documents can be written");
        }
    }
    assert!(update || wrong.is_empty(), "{}", wrong.join("\n\n"));
}

/// Every word of a text that stands between backticks.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

#[test]
fn every_promise_of_security_names_a_test_that_is_there() {
    let page = fs::read_to_string(repository().join("docs/security.md")).expect("it is there");
    let mut promises = 0;
    for row in page.lines().filter(|line| line.starts_with("| ") && *line != "| promise | test |") {
        let tests = row.trim_end_matches(" |").rsplit(" | ").next().expect("it has two columns");
        let (mut source, mut count) = (String::new(), 0);
        for word in quoted(tests) {
            if word.ends_with(".rs") {
                source = fs::read_to_string(repository().join(word)).expect(word);
                continue;
            }
            let found = source.contains(&format!("fn {word}("));
            assert!(found, "no test {word}, of\n{row}");
            count += 1;
        }
        assert!(count > 0, "nothing holds\n{row}");
        promises += 1;
    }
    assert!(promises > 30, "{promises}");
}
