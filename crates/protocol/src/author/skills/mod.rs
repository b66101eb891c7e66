//! Skills: as the author declares them, and as they are served with their files.

pub(crate) mod frontmatter;
pub(crate) mod skill;
pub(crate) mod skill_catalogue;
