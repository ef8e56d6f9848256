//! JSON laid out to be read by people.

/// JSON in which what fits on a line stands on one, and a list of plain values always does. Members
/// that are null are left out.
pub(crate) fn laid_out(text: &str, depth: usize) -> String {
    let (open, close) = match text.as_bytes()[0] {
        b'{' => ('{', '}'),
        b'[' => ('[', ']'),
        _ => return text.to_string(),
    };
    let parts = members(&text[1..text.len() - 1]);
    let is_list = open == '[';
    let is_plain = parts.iter().all(|part| !part.starts_with(['{', '[']));
    let parts = parts.into_iter().filter(|part| is_list || !part.ends_with(":null"));
    let parts: Vec<String> = parts
        .map(|part| match part.split_once("\":").filter(|_| !is_list) {
            Some((name, value)) => format!("{name}\": {}", laid_out(value, depth + 1)),
            None => laid_out(part, depth + 1),
        })
        .collect();
    let line = format!("{open}{}{close}", parts.join(", "));
    if is_list && is_plain || line.len() + 2 * depth <= 96 && !line.contains('\n') {
        return line;
    }
    let indent = "  ".repeat(depth);
    let lines = parts.join(&format!(",\n{indent}  "));
    format!("{open}\n{indent}  {lines}\n{indent}{close}")
}

/// What stands between the commas of a list or an object.
fn members(inside: &str) -> Vec<&str> {
    let (mut found, mut start, mut depth) = (Vec::new(), 0, 0);
    let (mut in_text, mut is_escaped) = (false, false);
    for (n, byte) in inside.bytes().enumerate() {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' if in_text => is_escaped = true,
            b'"' => in_text = !in_text,
            _ if in_text => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b',' if depth == 0 => {
                found.push(&inside[start..n]);
                start = n + 1;
            }
            _ => {}
        }
    }
    if start < inside.len() {
        found.push(&inside[start..]);
    }
    found
}
