//! What all pages share: the document around their content, its icon, its style sheet and its colours.

mod icon;
pub(crate) mod page_frame;
pub(crate) mod palette;
