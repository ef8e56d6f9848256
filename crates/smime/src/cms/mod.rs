//! CMS (RFC 5652): the structures around signed, encrypted and compressed content.

pub(crate) mod compressed;
pub(crate) mod enveloped;
pub(crate) mod signed;

use std::io::Read;

use crate::ber::Reader;
use crate::der::tag;
use crate::fault::Fault;

/// The most bytes of a structure that is held in memory: a recipient, a signature with certificates.
pub(crate) const LARGEST_ELEMENT: usize = 256 * 1024;

/// What a ContentInfo holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    Enveloped,
    AuthEnveloped,
    Compressed,
}

/// Enters a ContentInfo and what it holds.
pub(crate) fn enter<R: Read>(ber: &mut Reader<R>) -> Result<Content, Fault> {
    ber.enter(tag::SEQUENCE)?;
    let identifier = ber.element(LARGEST_ELEMENT)?;
    let content = match crate::der::Parser::new(&identifier).take(tag::OBJECT_IDENTIFIER)? {
        crate::oid::ENVELOPED_DATA => Content::Enveloped,
        crate::oid::AUTH_ENVELOPED_DATA => Content::AuthEnveloped,
        crate::oid::COMPRESSED_DATA => Content::Compressed,
        _ => return Err(Fault::Unsupported("this kind of CMS content")),
    };
    ber.enter(tag::context(0))?;
    ber.enter(tag::SEQUENCE)?;
    Ok(content)
}

/// Leaves what [`enter`] entered; nothing may follow.
pub(crate) fn leave<R: Read>(ber: &mut Reader<R>) -> Result<(), Fault> {
    for _ in 0..3 {
        ber.leave()?;
    }
    ber.finish()
}

/// Reads a version, which no reading depends on: what it tells is told again by the structure.
pub(crate) fn version<R: Read>(ber: &mut Reader<R>) -> Result<(), Fault> {
    let version = ber.element(LARGEST_ELEMENT)?;
    crate::der::Parser::new(&version).small_integer().map(drop)
}
