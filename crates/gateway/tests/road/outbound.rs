//! What goes out: composed once, delivered once, and its answers expected.
