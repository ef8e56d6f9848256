//! The chart as SVG: complete in itself, with words for those who do not see it, light and dark.

use std::fmt::Write as _;

use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::time::{Date, Interval, Timestamp};

use super::curve::{Step, steps};
use super::scale::{Heights, Times, day_label};
use super::{Day, Panel, month};
use crate::report::escaped;
use crate::text::grouped;

/// The paper, in pixels.
const WIDTH: i128 = 960;
const LEFT: i128 = 72;
const RIGHT: i128 = 24;
/// What stands above the first panel, above the curve of each, below it, and at the foot.
const HEAD: i128 = 52;
const TITLE: i128 = 62;
const AXIS: i128 = 36;
const FOOT: i128 = 40;
/// One step for each pixel of the width.
const ROOM: usize = (WIDTH - LEFT - RIGHT) as usize;

/// Up to two days and an hour, the hours are shown at which the clocks change.
const SHORT: i64 = 2 * 86_400 + 3_600;

const STYLE: &str = r#"<style>
.paper { fill: #fff } text { fill: #1c2733; font: 12px system-ui, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }
.head { font-size: 19px; font-weight: 600 } .name { font-size: 14px; font-weight: 600 } .small { fill: #566472 }
.tick { fill: #566472; font-size: 11px; font-variant-numeric: tabular-nums } .grid { stroke: #dfe5ea } .base { stroke: #7c8a97 }
.area { fill: #1465b4; fill-opacity: .13 } .band { fill: #1465b4; fill-opacity: .7; stroke: #1465b4; stroke-width: .8 } .line { fill: none; stroke: #1465b4; stroke-width: 1.6 }
.guess { fill: url(#tieline-estimated); stroke: #a85400; stroke-width: 1.4 } .dot { fill: #a85400 }
.hole { fill: url(#tieline-missing) } .hatch { stroke: #8795a2; stroke-width: 1.4 }
.shift { fill: #7b45b8; fill-opacity: .1 } .edge { stroke: #7b45b8; stroke-dasharray: 4 3 } .word { fill: #64359b; font-size: 11px }
@media (prefers-color-scheme: dark) {
.paper { fill: #11181f } text { fill: #e8edf2 } .small, .tick { fill: #a3b1bd } .grid { stroke: #2b3641 } .base { stroke: #7c8a97 }
.area { fill: #63b3ff; fill-opacity: .16 } .band { fill: #63b3ff; stroke: #63b3ff } .line { stroke: #63b3ff }
.guess { stroke: #ffb454 } .dot { fill: #ffb454 } .hatch { stroke: #71808d }
.shift { fill: #b98cff; fill-opacity: .15 } .edge { stroke: #b98cff } .word { fill: #cfb1ff }
}
</style>
<defs>
<pattern id="tieline-estimated" width="6" height="6" patternUnits="userSpaceOnUse"><circle class="dot" cx="1.5" cy="1.5" r="1.1"/><circle class="dot" cx="4.5" cy="4.5" r="1.1"/></pattern>
<pattern id="tieline-missing" width="7" height="7" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><path class="hatch" d="M1 0V7"/></pattern>
</defs>
"#;

/// Why a chart cannot be drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotDrawn {
    /// A sum has too many digits.
    Sum(NumberError),
    /// A value has too many digits.
    Value,
}

impl From<NumberError> for NotDrawn {
    fn from(error: NumberError) -> NotDrawn {
        NotDrawn::Sum(error)
    }
}

/// What of the legend is needed.
#[derive(Debug, Default)]
struct Used {
    is_banded: bool,
    is_estimated: bool,
    is_missing: bool,
    is_shifted: bool,
}

/// Draws all panels below each other, on one scale of time.
pub(crate) fn svg(panels: &[Panel]) -> Result<String, NotDrawn> {
    let height = if panels.len() == 1 { 300 } else { 170 };
    let whole = HEAD + panels.len() as i128 * (TITLE + height + AXIS) + FOOT;
    let times = times(panels);
    let title = format!("Load curve, {}", span(panels, times));
    let (mut body, mut words, mut used) = (String::new(), Vec::new(), Used::default());
    for (n, panel) in (0..).zip(panels) {
        let top = HEAD + n * (TITLE + height + AXIS);
        let days = panel.days()?;
        let summary = summary(panel, &days);
        words.push(format!("{}: {summary}.", panel.title()));
        let frame = Frame { panel, times, top: (top + TITLE) * 10, height: height * 10 };
        let name = escaped(&panel.title());
        let _ = writeln!(
            body,
            "<g>\n<text class=\"name\" x=\"{LEFT}\" y=\"{}\">{name}</text>\n\
             <text class=\"small\" x=\"{LEFT}\" y=\"{}\">{}</text>",
            top + 18,
            top + 36,
            escaped(&summary)
        );
        body += &frame.drawn(&days, &mut used)?;
        body += "</g>\n";
    }
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {whole}\" width=\"{WIDTH}\" \
         height=\"{whole}\" role=\"img\" aria-labelledby=\"tieline-title tieline-words\">\n\
         <title id=\"tieline-title\">{}</title>\n<desc id=\"tieline-words\">{}</desc>\n",
        escaped(&title),
        escaped(&words.join(" "))
    );
    out += STYLE;
    let _ = writeln!(
        out,
        "<rect class=\"paper\" width=\"{WIDTH}\" height=\"{whole}\"/>\n\
         <text class=\"head\" x=\"{LEFT}\" y=\"34\">{}</text>",
        escaped(&title)
    );
    out += &body;
    out += &legend(&used, panels, whole - FOOT + 22);
    Ok(out + "</svg>\n")
}

/// All of the days that a panel has something of.
fn times(panels: &[Panel]) -> Times {
    let (mut start, mut end) = (i64::MAX, i64::MIN);
    for panel in panels {
        let Some((first, last)) = panel.span() else { continue };
        let day = |second| panel.zone.day(panel.date(second)?).ok();
        start = start.min(day(first).map_or(first, |day| day.start().as_second()));
        end = end.max(day(last - 1).map_or(last, |day| day.end().as_second()).max(last));
    }
    Times { start, end, left: LEFT * 10, width: (WIDTH - LEFT - RIGHT) * 10 }
}

fn span(panels: &[Panel], times: Times) -> String {
    let date = |second| panels.first().and_then(|panel: &Panel| panel.date(second));
    let long = |date: Date| format!("{} {} {}", date.day(), month(date), date.year());
    match date(times.start).zip(date(times.end - 1)) {
        Some((first, last)) if first == last => long(first),
        Some((first, last)) if first.year() == last.year() => {
            format!("{} to {}", day_label(first), long(last))
        }
        Some((first, last)) => format!("{} to {}", long(first), long(last)),
        None => String::new(),
    }
}

/// What a panel shows, in one line.
fn summary(panel: &Panel, days: &[Day]) -> String {
    let unit = panel.unit();
    let mut parts = vec![format!("{unit} in each {}", panel.length())];
    let sum = days
        .iter()
        .filter_map(|day| day.total)
        .try_fold(Decimal::ZERO, |sum, total| sum.checked_add(&total));
    if let (true, Ok(sum)) = (panel.adds_up(), sum) {
        parts.push(format!("{sum} {unit} in all"));
    }
    let peaks = days.iter().filter_map(|day| Some((day.peak.as_ref()?, day.date)));
    let highest = peaks.reduce(|best, next| if next.0.0 > best.0.0 { next } else { best });
    if let Some(((value, clock), date)) = highest {
        parts.push(format!("highest {value} on {} {clock}", day_label(date)));
    }
    let count = |of: fn(&Day) -> u32| days.iter().map(|day| u64::from(of(day))).sum::<u64>();
    let received = grouped(count(|day| day.received));
    let expected: Option<u64> = days.iter().map(|day| day.expected.map(u64::from)).sum();
    parts.push(match expected {
        Some(expected) => format!("{received} of {} intervals", grouped(expected)),
        None => format!("{received} intervals"),
    });
    for (number, word) in [
        (count(|day| day.missing().unwrap_or(0)), "missing"),
        (count(|day| day.estimated), "estimated"),
        (panel.repeated as u64, "told again and left out"),
    ] {
        if number > 0 {
            parts.push(format!("{} {word}", grouped(number)));
        }
    }
    parts.join(" \u{b7} ")
}

/// Where one panel is drawn, in tenths of a pixel.
struct Frame<'p> {
    panel: &'p Panel,
    times: Times,
    top: i128,
    height: i128,
}

impl Frame<'_> {
    fn drawn(&self, days: &[Day], used: &mut Used) -> Result<String, NotDrawn> {
        let values = self.panel.points.iter().filter_map(|point| point.value);
        let heights = Heights::of(values, self.top, self.height).ok_or(NotDrawn::Value)?;
        let mut steps = steps(&self.panel.points, self.times, ROOM);
        self.fill_edges(&mut steps);
        let mut out = self.shifts(days, used);
        out += &self.grid(&heights);
        let base = heights.place(Decimal::ZERO);
        out += &shape("hole", &self.holes(&steps));
        let is_banded = steps.iter().any(|step| step.values.is_some_and(|(low, high)| low != high));
        let mut paths = [String::new(), String::new(), String::new(), String::new()];
        for run in steps.chunk_by(is_joined) {
            paths[0] += &outline(run, &heights, Some(base));
            match is_banded {
                true => paths[1] += &band(run, &heights),
                false => paths[2] += &outline(run, &heights, None),
            }
        }
        let is_guessed = |step: &Step| step.is_estimated && step.values.is_some();
        for run in steps.chunk_by(|a, b| is_joined(a, b) && is_guessed(a) == is_guessed(b)) {
            if is_guessed(&run[0]) {
                paths[3] += &outline(run, &heights, Some(base));
            }
        }
        for (class, path) in ["area", "band", "line", "guess"].into_iter().zip(&paths) {
            out += &shape(class, path);
        }
        used.is_banded |= is_banded;
        used.is_estimated |= !paths[3].is_empty();
        used.is_missing |= steps.iter().any(|step| step.is_missing);
        let (left, right) = (px(self.times.left), px(self.times.left + self.times.width));
        let _ = writeln!(out, "<path class=\"base\" d=\"M{left} {0}H{right}\"/>", px(base));
        Ok(out)
    }

    /// The rest of the first and of the last day is missing too.
    fn fill_edges(&self, steps: &mut Vec<Step>) {
        let (panel, Some((first, last))) = (self.panel, self.panel.span()) else { return };
        let day = |second| panel.zone.day(panel.date(second)?).ok();
        let hole =
            |from, until| Step { from, until, values: None, is_estimated: false, is_missing: true };
        let start = day(first).map_or(first, |day| day.start().as_second());
        let end = day(last - 1).map_or(last, |day| day.end().as_second());
        let is_of_days = panel.expected_of_day(first).is_some();
        if is_of_days && start < first {
            steps.insert(0, hole(self.times.place(start), self.times.place(first)));
        }
        if is_of_days && last < end {
            steps.push(hole(self.times.place(last), self.times.place(end)));
        }
    }

    fn grid(&self, heights: &Heights) -> String {
        let (left, right) = (self.times.left, self.times.left + self.times.width);
        let mut out = String::new();
        let ticks = heights.ticks();
        for (n, (y, label)) in ticks.iter().enumerate() {
            let unit = if n + 1 == ticks.len() { self.panel.unit() } else { String::new() };
            let label = escaped(format!("{label} {unit}").trim());
            let _ = writeln!(
                out,
                "<path class=\"grid\" d=\"M{} {1}H{2}\"/><text class=\"tick\" x=\"{3}\" y=\"{4}\" \
                 text-anchor=\"end\">{label}</text>",
                px(left),
                px(*y),
                px(right),
                px(left - 80),
                px(y + 40),
            );
        }
        let bottom = self.top + self.height;
        for (x, label) in self.times.ticks(self.panel) {
            let anchor = match x {
                x if x < left + 100 => "start",
                x if x > right - 100 => "end",
                _ => "middle",
            };
            let _ = writeln!(
                out,
                "<path class=\"base\" d=\"M{0} {1}v5\"/><text class=\"tick\" x=\"{0}\" y=\"{2}\" \
                 text-anchor=\"{anchor}\">{label}</text>",
                px(x),
                px(bottom),
                px(bottom + 190),
            );
        }
        out
    }

    /// Days on which the clocks change.
    fn shifts(&self, days: &[Day], used: &mut Used) -> String {
        let mut out = String::new();
        let mut free = self.times.left;
        for day in days.iter().filter(|day| day.hours != 24) {
            let Ok(interval) = self.panel.zone.day(day.date) else { continue };
            let (start, end) = match self.change(interval) {
                Some(hours) if self.times.end - self.times.start <= SHORT => hours,
                _ => (interval.start().as_second(), interval.end().as_second()),
            };
            let (from, until) = (self.times.place(start), self.times.place(end));
            used.is_shifted = true;
            let _ = writeln!(
                out,
                "<path class=\"shift\" d=\"M{0} {1}h{2}v{3}H{0}z\"/><path class=\"edge\" \
                 d=\"M{0} {1}v{3}M{4} {1}v{3}\"/>",
                px(from),
                px(self.top),
                px((until - from).max(10)),
                px(self.height),
                px(until),
            );
            let count = day.expected.filter(|expected| *expected > 1);
            let count = count.map(|count| format!(", {count} intervals")).unwrap_or_default();
            let label = format!("{}: {} hours{count}", day_label(day.date), day.hours);
            // Labels of small type are about six pixels a letter.
            let width = label.len() as i128 * 60;
            let right = self.times.left + self.times.width;
            let x = ((from + until - width) / 2).min(right - width).max(self.times.left);
            if x >= free {
                let y = px(self.top - 60);
                let _ =
                    writeln!(out, "<text class=\"word\" x=\"{}\" y=\"{y}\">{label}</text>", px(x));
                free = x + width + 100;
            }
        }
        out
    }

    /// The hours around the change of the clocks on a day: both of those that are told twice, or the
    /// moment at which one is left out.
    fn change(&self, day: Interval) -> Option<(i64, i64)> {
        let zone = &self.panel.zone;
        let offset = |second| Some(zone.offset(Timestamp::from_second(second).ok()?));
        let (start, end) = (day.start().as_second(), day.end().as_second());
        let before = offset(start)?;
        // No zone changes but at a whole quarter of an hour.
        let at = (start..end).step_by(900).find(|second| offset(*second) != Some(before))?;
        let back = i64::from(before - offset(at)?).max(0);
        Some((at - back, at + back))
    }

    fn holes(&self, steps: &[Step]) -> String {
        let mut path = String::new();
        let missing = |step: &Step| step.is_missing;
        for run in steps.chunk_by(|a, b| a.until == b.from && missing(a) == missing(b)) {
            if let (true, [first, ..], [.., last]) = (missing(&run[0]), run, run) {
                let width = (last.until - first.from).max(5);
                let (x, y) = (px(first.from), px(self.top));
                path += &format!("M{x} {y}h{}v{}H{x}z", px(width), px(self.height));
            }
        }
        path
    }
}

/// Whether the curve goes on from one step to the next.
fn is_joined(a: &Step, b: &Step) -> bool {
    a.until == b.from && a.values.is_some() == b.values.is_some()
}

/// The highest values of steps that follow each other; down to `base` at both ends if it is given.
fn outline(run: &[Step], heights: &Heights, base: Option<i128>) -> String {
    let [first, ..] = run else { return String::new() };
    let Some((_, high)) = first.values else { return String::new() };
    let mut y = base.unwrap_or_else(|| heights.place(high));
    let mut path = format!("M{} {}", px(first.from), px(y));
    for step in run {
        let Some((_, high)) = step.values else { continue };
        step_to(&mut path, &mut y, heights.place(high), step.until - step.from);
    }
    if let Some(base) = base {
        path += &format!("V{}z", px(base));
    }
    path
}

/// From the highest values of steps to their lowest ones, and where both are the same at least a
/// line.
fn band(run: &[Step], heights: &Heights) -> String {
    const LINE: i128 = 12;
    let [first, ..] = run else { return String::new() };
    let Some((_, high)) = first.values else { return String::new() };
    let mut y = heights.place(high);
    let mut path = format!("M{} {}", px(first.from), px(y));
    for step in run {
        let Some((_, high)) = step.values else { continue };
        step_to(&mut path, &mut y, heights.place(high), step.until - step.from);
    }
    for step in run.iter().rev() {
        let Some((low, high)) = step.values else { continue };
        let lowest = heights.place(low).max(heights.place(high) + LINE);
        step_to(&mut path, &mut y, lowest, step.from - step.until);
    }
    path + "z"
}

fn step_to(path: &mut String, y: &mut i128, to: i128, along: i128) {
    if *y != to {
        *path += &format!("v{}", px(to - *y));
        *y = to;
    }
    *path += &format!("h{}", px(along));
}

fn shape(class: &str, path: &str) -> String {
    match path.is_empty() {
        true => String::new(),
        false => format!("<path class=\"{class}\" d=\"{path}\"/>\n"),
    }
}

/// Tenths of a pixel as pixels.
fn px(tenths: i128) -> String {
    let sign = if tenths < 0 { "-" } else { "" };
    match (tenths.abs() / 10, tenths.abs() % 10) {
        (whole, 0) => format!("{sign}{whole}"),
        (0, rest) => format!("{sign}.{rest}"),
        (whole, rest) => format!("{sign}{whole}.{rest}"),
    }
}

fn legend(used: &Used, panels: &[Panel], y: i128) -> String {
    let mut out = String::from("<g>\n");
    let mut x = LEFT;
    let measured = if used.is_banded { "lowest to highest" } else { "measured" };
    for (is_used, class, word) in [
        (true, if used.is_banded { "band" } else { "area" }, measured),
        (used.is_estimated, "guess", "estimated"),
        (used.is_missing, "hole", "missing"),
        (used.is_shifted, "shift", "clocks change"),
    ] {
        if !is_used {
            continue;
        }
        let _ = writeln!(
            out,
            "<path class=\"{class}\" d=\"M{x} {0}h20v12h-20z\"/><text class=\"small\" x=\"{1}\" \
             y=\"{y}\">{word}</text>",
            y - 10,
            x + 27
        );
        if class == "area" {
            let _ = writeln!(out, "<path class=\"line\" d=\"M{x} {}h20\"/>", y - 10);
        }
        x += 27 + word.len() as i128 * 7 + 22;
    }
    let mut zones: Vec<&str> = panels.iter().map(|panel| panel.zone.name()).collect();
    zones.dedup();
    let _ = writeln!(
        out,
        "<text class=\"small\" x=\"{}\" y=\"{y}\" text-anchor=\"end\">times of {}</text>\n</g>",
        WIDTH - RIGHT,
        escaped(&zones.join(", "))
    );
    out
}
