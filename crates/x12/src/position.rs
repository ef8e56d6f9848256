//! Where something is in a file of interchanges.

use std::fmt;

/// Where something is, counted the way a 997 counts: from 1, and 0 where the whole is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// Bytes from the start of the file to the first byte of what is meant: the element, the
    /// segment when `element` is 0, or the place where something missing should be.
    pub offset: u64,
    /// The line in the file.
    pub line: u64,
    /// The transaction set, counted through the file; 0 for the envelope.
    pub set: u64,
    /// The segment inside the transaction set; `ST` is 1, 0 stands for the envelope.
    pub segment: u32,
    /// The element in the segment.
    pub element: u8,
    /// The repetition of the element.
    pub repetition: u16,
    /// The component of the element.
    pub component: u8,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.segment > 0 {
            write!(f, "segment {}", self.segment)?;
            if self.element > 0 {
                write!(f, ", element {}", self.element)?;
            }
            write!(f, " (byte {})", self.offset)
        } else {
            write!(f, "byte {}", self.offset)
        }
    }
}
