//! What should come of a sample: the files beside it, compared or, with `UPDATE_EXPECT=1`, written.

use std::fs;
use std::path::Path;

use tieline_x12::finding::Finding;

/// Findings as `.findings.txt` has them: code, position, path, message, and the guide's rule if
/// there is one; a line each.
pub fn findings_text(findings: &[Finding]) -> String {
    let line = |finding: &Finding| {
        let (code, at, path) = (finding.code(), finding.at, &finding.path);
        let rule = finding.rule.as_ref();
        let rule = rule.map_or(String::new(), |it| format!(" ({}: {})", it.guide, it.rule));
        format!("{code} {at} {path}: {}{rule}\n", finding.message())
    };
    findings.iter().map(line).collect()
}

/// Compares a result with its file; `None` stands for no file. With `UPDATE_EXPECT=1` in the
/// environment the file is made what the result is.
///
/// # Errors
///
/// The first line that differs.
pub fn expect(file: &Path, result: Option<&[u8]>) -> Result<(), String> {
    let expected = fs::read(file).ok();
    if expected.as_deref() == result {
        return Ok(());
    }
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        let updated = match result {
            Some(result) => fs::write(file, result),
            None => fs::remove_file(file),
        };
        return updated.map_err(|error| format!("{}: {error}", file.display()));
    }
    let line = |bytes: Option<&[u8]>, n: usize| {
        let line = bytes?.split(|b| *b == b'\n').nth(n);
        line.map(|line| String::from_utf8_lossy(line).into_owned())
    };
    let (n, expected, result) = (0..)
        .map(|n| (n, line(expected.as_deref(), n), line(result, n)))
        .find(|(_, expected, result)| expected != result || expected.is_none())
        .expect("there are finitely many lines");
    Err(format!(
        "{} line {}:\n  expected {}\n  found    {}",
        file.display(),
        n + 1,
        expected.as_deref().unwrap_or("nothing"),
        result.as_deref().unwrap_or("nothing"),
    ))
}
