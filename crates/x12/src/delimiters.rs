//! The separators of one interchange, read from its `ISA`.

/// The characters that hold an interchange apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delimiters {
    /// Between the elements of a segment, often `*`.
    pub element: u8,
    /// Between the components of a composite, `ISA16`, often `:` or `>`.
    pub component: u8,
    /// Between the repetitions of an element, `ISA11` from version 00402 on; none before.
    pub repetition: Option<u8>,
    /// After each segment, often `~`.
    pub segment: u8,
    /// What follows a segment's terminator for the eye's sake.
    pub line_end: LineEnd,
}

/// What follows a segment's terminator for the eye's sake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LineEnd {
    /// Nothing: the interchange is one line, unless the terminator itself is a line feed.
    #[default]
    None,
    /// A line feed.
    Lf,
    /// Carriage return and line feed.
    CrLf,
}

impl LineEnd {
    /// The bytes.
    pub const fn as_bytes(self) -> &'static [u8] {
        match self {
            LineEnd::None => b"",
            LineEnd::Lf => b"\n",
            LineEnd::CrLf => b"\r\n",
        }
    }
}

/// `*`, `:`, `^`, `~` and a line feed: what most partners send and people can read.
impl Default for Delimiters {
    fn default() -> Delimiters {
        Delimiters {
            element: b'*',
            component: b':',
            repetition: Some(b'^'),
            segment: b'~',
            line_end: LineEnd::Lf,
        }
    }
}
