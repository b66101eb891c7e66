//! The fixtures of the official conformance suite and of our own behaviour tests, as a Worker. The suite decides the names,
//! arguments and answers of its fixtures. Only the diary and what uses accounts
//! elsewhere need a sign-in.

mod announcing;
mod arguments;
mod asking;
mod cancellation;
mod content;
mod counting;
mod events;
mod failures;
mod files;
mod legacy_asking;
mod listing;
mod messages;
mod panics;
mod plain_types;
mod prompts;
mod resources;
mod skills;
mod stored;
mod structured;
mod tasks;
mod upstream;
mod waiting;

use mcp_connector::{Connector, Icon};

mcp_connector::serve!(connector);

/// The parts, in the order of their tools. The suite calls the first tool without arguments, so `content` comes first.
const PARTS: [fn(Connector) -> Connector; 22] = [
    content::add_to,
    structured::add_to,
    messages::add_to,
    arguments::add_to,
    plain_types::add_to,
    failures::add_to,
    asking::add_to,
    listing::add_to,
    counting::add_to,
    cancellation::add_to,
    legacy_asking::add_to,
    announcing::add_to,
    panics::add_to,
    resources::add_to,
    prompts::add_to,
    stored::add_to,
    tasks::add_to,
    skills::add_to,
    upstream::add_to,
    files::add_to,
    events::add_to,
    waiting::add_to,
];

/// The icon of the connector.
const ICON: &str = r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 8 8"><circle cx="4" cy="4" r="3"/></svg>"#;

fn connector() -> Connector {
    let connector = Connector::new("everything", env!("CARGO_PKG_VERSION"))
        .title("Everything")
        .description("Fixtures for tests.")
        .icon(Icon::svg(ICON))
        .instructions("Each tool, resource and prompt shows one property of the protocol.")
        // The official suite sends no token.
        .anonymous_sessions();
    PARTS.into_iter().fold(connector, |connector, add_to| add_to(connector))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixtures_have_no_errors() {
        assert_eq!(connector().check(), []);
    }

    #[test]
    fn the_schema_that_the_suite_asks_for_is_published_with_a_warning() {
        let warnings: Vec<_> = connector().warnings().iter().map(ToString::to_string).collect();
        assert_eq!(warnings.len(), 2, "{warnings:?}");
        assert!(
            warnings.iter().all(|warning| warning.starts_with("tool `json_schema_2020_12_tool`: ")),
            "{warnings:?}"
        );
        assert!(warnings.iter().any(|warning| warning.contains("`allOf` at the root")), "{warnings:?}");
        assert!(warnings.iter().any(|warning| warning.contains("`address` holds a `$ref`")), "{warnings:?}");
    }
}
