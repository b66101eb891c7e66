//! The skill of the page "Views and skills".

use mcp_connector::{Connector, Scope, Skill};

const NOTES_READ: Scope = Scope::new("notes:read", "Read your notes");

pub(crate) fn add_to(connector: Connector) -> Connector {
    connector.sign_in([NOTES_READ]).skill(
        Skill::new(include_str!("skills/tidy-notes/SKILL.md"))
            .file("references/STYLE.md", include_str!("skills/tidy-notes/references/STYLE.md"))
            .file("assets/example.png", include_bytes!("skills/tidy-notes/assets/example.png"))
            .scope(NOTES_READ),
    )
}
