//! A skill with a file in a folder.

use mcp_connector::{Connector, Skill};

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.skill(
        Skill::new(include_str!("skill/SKILL.md"))
            .file("references/GUIDE.md", include_str!("skill/references/GUIDE.md")),
    )
}
