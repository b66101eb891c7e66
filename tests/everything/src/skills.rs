//! A skill with a file in a folder.

use mcp_connector::mcp::{Connector, Skill};
use mcp_connector::worker::Workers;

pub(crate) fn add_to(connector: Connector<Workers>) -> Connector<Workers> {
    connector.skill(
        Skill::new(include_str!("skill/SKILL.md"))
            .file("references/GUIDE.md", include_str!("skill/references/GUIDE.md")),
    )
}
