//! How a result is written: for people, or for other programs.

/// How a result is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, clap::ValueEnum)]
pub(crate) enum TextOrJson {
    /// For people
    #[default]
    Text,
    /// For other programs
    Json,
}

impl TextOrJson {
    /// Whether another program reads it.
    pub(crate) fn is_json(self) -> bool {
        self == TextOrJson::Json
    }
}
