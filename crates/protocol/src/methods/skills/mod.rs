//! The methods of skills (the extension `io.modelcontextprotocol/skills`, from 2026-07-28 on).

pub(crate) mod get_skill;
pub(crate) mod list_skills;
pub(crate) mod read_directory;
#[cfg(test)]
mod tests;
