//! What the tests of documents and of files have in common.

pub(crate) mod json;

pub(crate) mod random;

pub(crate) mod samples;
