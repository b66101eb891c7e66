//! Whether models or views call a tool (MCP Apps).

/// Who may call a tool, in a host that shows views.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Callers {
    Both,
    Models,
    Views,
}

impl Callers {
    pub(crate) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Both => &["model", "app"],
            Self::Models => &["model"],
            Self::Views => &["app"],
        }
    }
}
