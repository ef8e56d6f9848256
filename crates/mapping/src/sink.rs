//! Where the segments of a record go: to the document they are compared with, to a tree in which what
//! is left over has its place, or straight to bytes.
//!
//! A mapping says the segments of a record once, and reading and writing hear the same words; so they
//! cannot disagree. A record with nothing left over is compared and written without a value of its
//! own for any segment.

use tieline_model::residue::Residue;
use tieline_x12::compose::{Body, Segment};
use tieline_x12::segment::SegmentId;

use crate::branch::{Branch, Rows, lay, segment_of};
use crate::error::MappingError;

/// Hears the segments of a record, its opener first.
pub(crate) trait Sink {
    /// A segment; `None` and empty texts leave an element out.
    fn segment(&mut self, id: &str, elements: &[Option<&str>]) -> Result<(), MappingError>;

    /// A record of its own in the loop that is open: what `say` says, and what is left over of it.
    fn record(&mut self, left: Left<'_>, rows: Rows, say: Say<'_>) -> Result<(), MappingError>;
}

/// Says the segments of a record.
pub(crate) type Say<'s> = &'s mut dyn FnMut(&mut dyn Sink) -> Result<(), MappingError>;

/// What is left over of a record.
#[derive(Clone, Copy)]
pub(crate) struct Left<'r> {
    pub(crate) residue: &'r Residue,
    /// For a point of a series, its number: the residue is that of the series.
    pub(crate) point: Option<u32>,
}

impl<'r> From<&'r Residue> for Left<'r> {
    fn from(residue: &'r Residue) -> Left<'r> {
        Left { residue, point: None }
    }
}

/// The segments of a set whose own residue this is.
pub(crate) fn segments(
    residue: &Residue,
    rows: Rows,
    say: Say<'_>,
) -> Result<Vec<Segment>, MappingError> {
    let mut branches = Branches::default();
    say(&mut branches)?;
    let mut segments = Vec::new();
    for branch in lay(branches.0, residue, &[], rows) {
        branch.flatten(&mut segments);
    }
    Ok(segments)
}

/// Adds the same segments to a body.
pub(crate) fn compose(
    residue: &Residue,
    rows: Rows,
    body: &mut Body,
    say: Say<'_>,
) -> Result<(), MappingError> {
    if !residue.is_empty() {
        let segments = segments(residue, rows, say)?;
        return Ok(segments.iter().try_for_each(|segment| body.add_segment(segment))?);
    }
    let mut composer = Composer { body, rows, opens: None, children: Vec::new(), first: 0 };
    say(&mut composer)?;
    composer.close();
    Ok(())
}

/// Makes a tree.
#[derive(Default)]
pub(crate) struct Branches(pub(crate) Vec<Branch>);

impl Sink for Branches {
    fn segment(&mut self, id: &str, elements: &[Option<&str>]) -> Result<(), MappingError> {
        self.0.push(segment_of(id, elements).into());
        Ok(())
    }

    fn record(&mut self, left: Left<'_>, rows: Rows, say: Say<'_>) -> Result<(), MappingError> {
        self.0.extend(branch(left, rows, say)?);
        Ok(())
    }
}

fn branch(left: Left<'_>, rows: Rows, say: Say<'_>) -> Result<Option<Branch>, MappingError> {
    let mut inner = Branches::default();
    say(&mut inner)?;
    let mut said = inner.0.into_iter();
    let opener = said.next().map(|opener| opener.segment);
    Ok(opener.map(|opener| Branch::record(opener, said.collect(), left, rows)))
}

/// Writes bytes, each loop in the order of the table.
struct Composer<'b> {
    body: &'b mut Body,
    /// The rows of the loop that is open.
    rows: Rows,
    /// The rows of the loop that the next segment opens.
    opens: Option<Rows>,
    /// What stands in the loops that are open, and where it starts.
    children: Vec<(SegmentId, usize)>,
    /// The first of them that stands in the innermost loop.
    first: usize,
}

impl Composer<'_> {
    /// Notes that something begins in the loop that is open.
    fn begin(&mut self, id: &str) {
        self.children.push((SegmentId::new(id.as_bytes()), self.body.length()));
    }

    /// Ends the loop: puts what stands in it in the order of the table.
    fn close(&mut self) {
        let children = &self.children[self.first..];
        if children.len() > 1 {
            let runs = || children.chunk_by(|one, next| one.0 == next.0);
            let rank = |run: &[(SegmentId, usize)]| self.rows.rank(run[0].0);
            if !runs().is_sorted_by_key(rank) {
                let ends = runs().skip(1).map(|run| run[0].1).chain([self.body.length()]);
                let parts = runs().zip(ends).map(|(run, end)| (rank(run), run[0].1..end));
                let mut parts: Vec<_> = parts.collect();
                parts.sort_by_key(|(rank, _)| *rank);
                let parts: Vec<_> = parts.into_iter().map(|(_, part)| part).collect();
                self.body.rearrange(&parts);
            }
        }
        self.children.truncate(self.first);
    }
}

impl Sink for Composer<'_> {
    fn segment(&mut self, id: &str, elements: &[Option<&str>]) -> Result<(), MappingError> {
        self.begin(id);
        if let Some(rows) = self.opens.take() {
            self.rows = rows;
            self.first = self.children.len();
        }
        Ok(self.body.add(id, elements)?)
    }

    fn record(&mut self, left: Left<'_>, rows: Rows, say: Say<'_>) -> Result<(), MappingError> {
        if !left.residue.is_empty() {
            let Some(branch) = branch(left, rows, say)? else { return Ok(()) };
            self.begin(&branch.segment.id);
            let mut segments = Vec::new();
            branch.flatten(&mut segments);
            return Ok(segments.iter().try_for_each(|segment| self.body.add_segment(segment))?);
        }
        let outer = (self.rows, self.first);
        self.opens = Some(rows);
        say(self)?;
        if self.opens.take().is_none() {
            self.close();
        }
        (self.rows, self.first) = outer;
        Ok(())
    }
}
