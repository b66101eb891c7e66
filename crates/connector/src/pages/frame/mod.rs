//! What all pages share: the document around their content, its style sheet and its colours.

pub(crate) mod page_frame;
pub(crate) mod palette;
