//! Fixtures: what the official conformance suite and our own behaviour tests ask a server for, as a second Worker out of
//! the same library. Names, arguments and answers are theirs. For tests only; only the
//! diary asks anybody to sign in.

mod announcing;
mod arguments;
mod asking;
mod cancellation;
mod content;
mod counting;
mod failures;
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

use mcp_connector::Connector;

mcp_connector::serve!(connector);

/// All fixtures. The suite calls the first tool without arguments, so it is one that needs none.
fn connector() -> Connector {
    let connector = Connector::new("everything", env!("CARGO_PKG_VERSION"))
        .title("Everything")
        .description("Fixtures for tests.")
        .instructions("Each tool, resource and prompt shows one property of the protocol.")
        // The official suite sends no token.
        .anonymous_sessions();
    let connector = content::add_to(connector);
    let connector = structured::add_to(connector);
    let connector = messages::add_to(connector);
    let connector = arguments::add_to(connector);
    let connector = plain_types::add_to(connector);
    let connector = failures::add_to(connector);
    let connector = asking::add_to(connector);
    let connector = listing::add_to(connector);
    let connector = counting::add_to(connector);
    let connector = cancellation::add_to(connector);
    let connector = legacy_asking::add_to(connector);
    let connector = announcing::add_to(connector);
    let connector = panics::add_to(connector);
    let connector = resources::add_to(connector);
    let connector = prompts::add_to(connector);
    let connector = stored::add_to(connector);
    let connector = tasks::add_to(connector);
    skills::add_to(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fixtures_have_no_defects() {
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
