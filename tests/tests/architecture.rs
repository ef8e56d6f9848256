//! The floors: which crate may use which, as `docs/ARCHITECTURE.md` says it.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Command;

use serde_json::Value;
use tieline_tests::sample::root;

type Edges = BTreeMap<String, BTreeSet<String>>;

/// The lines between the fences marked `edges`: `partner -> x12`.
fn written() -> Edges {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the page is there");
    let block = page.split_once("```edges\n").and_then(|(_, rest)| rest.split_once("```"));
    let (block, _) = block.expect("the page has a block of edges");
    let edge = |line: &str| {
        let (from, to) = line.split_once("->").expect("an edge is written with an arrow");
        let to = to.split(',').map(|it| it.trim().to_string()).filter(|it| !it.is_empty());
        (from.trim().to_string(), to.collect())
    };
    let edges: Vec<(String, BTreeSet<String>)> = block.lines().map(edge).collect();
    let count = edges.len();
    let edges = Edges::from_iter(edges);
    assert_eq!(edges.len(), count, "each crate has one line");
    edges
}

/// What the manifests say, dev-dependencies left out.
fn built() -> Edges {
    let manifest = root().join("Cargo.toml");
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1", "--manifest-path"])
        .arg(manifest)
        .output()
        .expect("cargo runs");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo answers in JSON");
    let floor = |name: &Value| name.as_str()?.strip_prefix("tieline-").map(str::to_string);
    let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
    let packages = list(&metadata["packages"]);
    let edges = packages.iter().map(|package| {
        let dependencies = list(&package["dependencies"]);
        let used = dependencies.iter().filter(|it| it["kind"] != "dev");
        let name = floor(&package["name"]).expect("our packages are called tieline-<floor>");
        (name, used.filter_map(|it| floor(&it["name"])).collect())
    });
    edges.collect()
}

#[test]
fn crates_use_each_other_as_the_page_says() {
    assert_eq!(built(), written(), "left: the manifests, right: docs/ARCHITECTURE.md");
}

#[test]
fn every_file_named_on_the_page_is_there() {
    let page = fs::read_to_string(root().join("docs/ARCHITECTURE.md")).expect("the page is there");
    let rooms = page.split_once("## The rooms of x12").expect("the page has the rooms of x12").1;
    let rows = rooms.lines().skip_while(|line| !line.starts_with('|'));
    let mut named = BTreeSet::new();
    for row in rows.take_while(|line| line.starts_with('|')).skip(2) {
        let files = row.split('|').nth(1).unwrap_or_default();
        named.extend(files.split_whitespace().map(|it| it.trim_matches(['`', '/']).to_string()));
    }
    let listed = fs::read_dir(root().join("crates/x12/src")).expect("x12 has sources");
    let there = listed.map(|it| it.expect("it is listed").file_name().display().to_string());
    let there: BTreeSet<String> = there.filter(|it| it != "lib.rs").collect();
    assert_eq!(there, named, "left: crates/x12/src, right: docs/ARCHITECTURE.md");
}
