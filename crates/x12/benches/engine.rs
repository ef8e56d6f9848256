//! How fast the engine is, beside the limits of the machine it runs on, in one run.
//!
//! `cargo bench -p tieline-x12` prints a table; docs/performance.md holds one. Every figure is the
//! median of several runs on one core. Corpora are made here, the same each time. With `quick` as an
//! argument only the 10 MB corpora are measured.

use std::hint::black_box;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

use tieline_partner::builtin;
use tieline_sample::Kind;
use tieline_sample::corpus::{self, Request};
use tieline_x12::acknowledge::{Acknowledger, Policy};
use tieline_x12::check::{Checker, LOOK_AHEAD, Plans, Standard, check};
use tieline_x12::compose;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::header::Header;
use tieline_x12::lexer::{Lexeme, Lexer};
use tieline_x12::plan::Plan;
use tieline_x12::sets;
use tieline_x12::table::Release;

const MB: usize = 1_000_000;

const KINDS: [(Kind, &str, &str); 3] = [
    (Kind::UsageInterval, "867", "utility/867-interval"),
    (Kind::Invoice, "810", "utility/810-commercial"),
    (Kind::Remittance, "820", "utility/820-remittance"),
];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [job, file] = &arguments[..]
        && job == "memory-of"
    {
        return memory_of(file);
    }
    if arguments.iter().any(|argument| argument == "profile") {
        // For a profiler: the check with a guide, and nothing beside it.
        let (bytes, guided) = (corpus(KINDS[0].0, 100 * MB), Guided::new(KINDS[0].1, KINDS[0].2));
        for _ in 0..10 {
            black_box(check(&bytes, &guided, &mut ()));
        }
        return;
    }
    let quick = arguments.iter().any(|argument| argument == "quick");
    let sizes: &[usize] = if quick { &[10] } else { &[1, 10, 100] };
    say(
        "| corpus | MB | memcpy | memchr | tokenise | of memchr | check | with guide | 1 % bad | of clean | held tree | answer | write |",
    );
    say("|---|---|---|---|---|---|---|---|---|---|---|---|---|");
    for (kind, set, guide) in KINDS {
        for size in sizes {
            corpus_line(kind, set, guide, *size);
        }
    }
    linearity();
    if !quick {
        memory();
    }
}

fn corpus_line(kind: Kind, set: &str, guide: &str, megabytes: usize) {
    let bytes = corpus(kind, megabytes * MB);
    let bad = one_in_a_hundred_bad(&bytes);
    let guided = Guided::new(set, guide);
    let rate = |run: &mut dyn FnMut()| bytes.len() as f64 / median(run) / 1e6;
    let mut copy = vec![0; bytes.len()];
    let memcpy = rate(&mut || copy.copy_from_slice(black_box(&bytes)));
    let memchr = rate(&mut || {
        black_box(visit_segments(&bytes));
    });
    let tokenise = rate(&mut || {
        black_box(visit_elements(&bytes));
    });
    let standard = rate(&mut || {
        black_box(check(&bytes, &Standard, &mut ()));
    });
    let with_guide = rate(&mut || {
        black_box(check(&bytes, &guided, &mut ()));
    });
    let with_errors = rate(&mut || {
        black_box(check(&bad, &guided, &mut ()));
    });
    let tree = rate(&mut || {
        black_box(Document::read(&bytes, &guided));
    });
    let answer = rate(&mut || {
        let mut acknowledger = Acknowledger::new(Policy::default());
        check(&bytes, &guided, &mut acknowledger);
        black_box(acknowledger.finish());
    });
    let request = request(kind, megabytes.min(10) * MB);
    let drafts = corpus::interchange(&request);
    let length = compose::write(&drafts, &Delimiters::default()).expect("samples compose").len();
    let write = length as f64
        / median(&mut || {
            black_box(compose::write(&drafts, &Delimiters::default()).expect("samples compose"));
        })
        / 1e6;
    say(&format!(
        "| {set} | {megabytes} | {memcpy:.0} | {memchr:.0} | {tokenise:.0} | {:.2} | {standard:.0} | {with_guide:.0} | {with_errors:.0} | {:.2} | {tree:.0} | {answer:.0} | {write:.0} |",
        tokenise / memchr,
        with_errors / with_guide,
    ));
}

/// Ten times the input should take ten times as long, whatever the input.
fn linearity() {
    say("");
    say("| input | small MB | large MB | time large / small per byte |");
    say("|---|---|---|---|");
    let whole = |kind| move |size: usize| corpus(kind, size);
    let one_segment = |size: usize| wrap(&format!("NTE*ADD*{}~", "x".repeat(size)));
    let empty_elements = |size: usize| wrap(&format!("NTE{}~", "*".repeat(size)));
    let unknown = |size: usize| wrap(&"ZQ9*1~".repeat(size / 6));
    let misplaced = |size: usize| wrap(&"SAC*C*A010***100~".repeat(size / 17));
    let not_closed = |size: usize| wrap(&"x".repeat(size));
    type Make<'a> = &'a dyn Fn(usize) -> Vec<u8>;
    let inputs: [(&str, Make<'_>, usize); 6] = [
        ("867 intervals", &whole(Kind::UsageInterval), 10 * MB),
        ("one long segment", &one_segment, MB),
        ("empty elements", &empty_elements, MB),
        ("unknown segments", &unknown, MB),
        ("misplaced segments", &misplaced, MB),
        ("no terminator", &not_closed, MB),
    ];
    for (name, make, small) in inputs {
        let time = |size: usize| {
            let bytes = make(size);
            let seconds = median(&mut || {
                black_box(check(&bytes, &Standard, &mut ()));
            });
            seconds / bytes.len() as f64
        };
        let (few, many) = (time(small), time(10 * small));
        say(&format!("| {name} | {} | {} | {:.2} |", small / MB, 10 * small / MB, many / few));
    }
}

/// The peak memory of a process that checks a file in windows, or holds it whole.
fn memory() {
    say("");
    say("| memory | file MB | peak MiB | of the input |");
    say("|---|---|---|---|");
    let folder = std::env::temp_dir().join(format!("tieline-bench-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder for the corpus");
    let path = folder.join("867.edi");
    let bytes = corpus(Kind::UsageInterval, 100 * MB);
    std::fs::write(&path, &bytes).expect("room for the corpus");
    for job in ["windows", "held"] {
        let run = std::env::current_exe().expect("this program");
        let argument = format!("{job}:{}", path.display());
        let output = Command::new(run).args(["memory-of", &argument]).output().expect("it runs");
        let peak: f64 = String::from_utf8_lossy(&output.stdout).trim().parse().unwrap_or(f64::NAN);
        let ratio = peak * 1024.0 * 1024.0 / bytes.len() as f64;
        say(&format!("| {job} | {} | {peak:.1} | {ratio:.2} |", bytes.len() / MB));
    }
    std::fs::remove_dir_all(&folder).expect("the folder is ours");
}

fn memory_of(argument: &str) {
    let (job, path) = argument.split_once(':').expect("a job and a file");
    match job {
        "windows" => check_in_windows(path),
        _ => {
            let bytes = std::fs::read(path).expect("the corpus");
            black_box(Document::read(&bytes, &Standard));
        }
    }
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = peak.and_then(|peak| peak.split_whitespace().next()?.parse::<f64>().ok());
    say(&format!("{:.1}", kib.unwrap_or(f64::NAN) / 1024.0));
}

fn check_in_windows(path: &str) {
    use std::io::Read;
    let mut file = std::fs::File::open(path).expect("the corpus");
    let mut checker = Checker::new(&Standard);
    let mut window = vec![0; (1 << 20) + LOOK_AHEAD];
    let mut filled = 0;
    loop {
        let read = file.read(&mut window[filled..]).expect("the corpus is readable");
        filled += read;
        let used = checker.window(&window[..filled], read == 0, &mut ());
        if read == 0 {
            break;
        }
        window.copy_within(used..filled, 0);
        filled -= used;
    }
    black_box(checker.totals());
}

fn visit_segments(bytes: &[u8]) -> usize {
    memchr::memchr_iter(b'~', bytes).fold((0, 0), |(sum, from), at| (sum + (at - from), at)).0
}

fn visit_elements(bytes: &[u8]) -> usize {
    let delimiters = Delimiters { repetition: None, ..Delimiters::default() };
    let mut lexer = Lexer::new(bytes, 0, delimiters);
    let mut ends = Vec::new();
    let mut elements = 0;
    while let Lexeme::Segment { range, .. } = lexer.next(&mut ends) {
        elements += lexer.segment(range, &ends, 0).count();
    }
    elements
}

/// One built-in guide over its set.
struct Guided(Arc<Plan>);

impl Guided {
    fn new(set: &str, guide: &str) -> Guided {
        let table = sets::find(Release::V004010, set.as_bytes()).expect("a set of ours");
        let guide = builtin::find(guide).expect("a guide of ours");
        Guided(Arc::new(Plan::compile(table, Some(&guide.guide)).expect("a built-in guide fits")))
    }
}

impl Plans for Guided {
    fn plan(&self, _: &Header, _: Release, _: &[u8]) -> Option<Arc<Plan>> {
        Some(Arc::clone(&self.0))
    }
}

fn request(kind: Kind, size: usize) -> Request {
    // Sizes of the documents are near enough for a count.
    let each = match kind {
        Kind::UsageInterval => 130_000,
        _ => 1_500,
    };
    Request { count: (size / each).max(1) as u32, ..Request::of(kind) }
}

fn corpus(kind: Kind, size: usize) -> Vec<u8> {
    let request = Request { target_bytes: Some(size as u64), ..Request::of(kind) };
    let mut bytes = Vec::with_capacity(size + (1 << 20));
    corpus::write_to(&request, &Delimiters::default(), &mut bytes).expect("samples compose");
    bytes
}

/// Every hundredth segment gets a character that data cannot hold.
fn one_in_a_hundred_bad(bytes: &[u8]) -> Vec<u8> {
    let mut bad = bytes.to_vec();
    let ends: Vec<usize> = memchr::memchr_iter(b'~', bytes).collect();
    for pair in ends.windows(2).skip(50).step_by(100) {
        let segment = &bytes[pair[0] + 2..pair[1]];
        let is_envelope = [&b"ST*"[..], b"SE*", b"GS*", b"GE*", b"IEA"]
            .iter()
            .any(|envelope| segment.starts_with(envelope));
        if !is_envelope {
            bad[pair[1] - 1] = 0x01;
        }
    }
    bad
}

/// An interchange with one 810 that holds these segments.
fn wrap(segments: &str) -> Vec<u8> {
    let isa = "ISA*00*          *00*          *01*001234567      *ZZ*LAKECOUNTRY    *260403*0615*U*00401*000000001*0*T*:~";
    let gs = "GS*IN*001234567*LAKECOUNTRY*20260403*0615*1*X*004010~";
    format!(
        "{isa}{gs}ST*810*0001~BIG*20260403*1~{segments}TDS*100~SE*5*0001~GE*1*1~IEA*1*000000001~"
    )
    .into_bytes()
}

/// The median time of a run, in seconds of a core. The core's clock is coarse, so short runs are
/// timed by the hundred.
fn median(run: &mut dyn FnMut()) -> f64 {
    let once = Instant::now();
    run();
    let repeats = (0.25 / once.elapsed().as_secs_f64().max(1e-6)).ceil().clamp(1.0, 1000.0) as u32;
    let mut times: Vec<f64> = (0..5)
        .map(|_| {
            let start = Clock::start();
            (0..repeats).for_each(|_| run());
            start.seconds() / f64::from(repeats)
        })
        .collect();
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Time spent on a core, so that other work on the machine counts less; wall time where the system
/// does not tell.
struct Clock {
    wall: Instant,
    on_core: Option<u64>,
}

impl Clock {
    fn start() -> Clock {
        Clock { wall: Instant::now(), on_core: Clock::on_core() }
    }

    /// Nanoseconds this thread has run.
    fn on_core() -> Option<u64> {
        let times = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
        times.split_whitespace().next()?.parse().ok()
    }

    fn seconds(&self) -> f64 {
        match (self.on_core, Clock::on_core()) {
            (Some(from), Some(to)) if to > from => (to - from) as f64 / 1e9,
            _ => self.wall.elapsed().as_secs_f64(),
        }
    }
}

#[allow(clippy::print_stdout)] // A table is what this program is for.
fn say(line: &str) {
    println!("{line}");
}
