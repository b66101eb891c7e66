//! The code of the recipes and guides in `docs/`, as one Worker, so that it compiles and the tests can call it. Each file is
//! what it would be beside `src/connector.rs`. The pages quote these files, and a test compares them.

mod announcements;
mod app_view;
mod audit;
mod cron;
mod d1;
mod files;
mod flags;
mod github_search;
mod guide;
mod hello;
mod kv;
mod library_api;
mod long_task;
mod moving;
mod other_server;
mod payment;
mod queue;
mod quota;
mod r2;
mod readme;
mod sampling;
mod search_fetch;
mod skill;
mod upstream_api;
mod upstream_sign_in;
mod usage;
mod webhook;
mod wiki;
mod workers_ai;

use mcp_connector::Connector;

mcp_connector::serve!(connector);

fn connector() -> Connector {
    let connector = Connector::new("recipes", env!("CARGO_PKG_VERSION")).title("Recipes");
    let connector = hello::add_to(connector);
    let connector = readme::add_to(connector);
    let connector = guide::add_to(connector);
    let connector = upstream_api::add_to(connector);
    let connector = announcements::add_to(connector);
    let connector = app_view::add_to(connector);
    let connector = skill::add_to(connector);
    let connector = d1::add_to(connector);
    let connector = kv::add_to(connector);
    let connector = r2::add_to(connector);
    let connector = long_task::add_to(connector);
    let connector = sampling::add_to(connector);
    let connector = workers_ai::add_to(connector);
    let connector = search_fetch::add_to(connector);
    let connector = moving::add_to(connector);
    let connector = usage::add_to(connector);
    let connector = flags::add_to(connector);
    let connector = audit::add_to(connector);
    let connector = quota::add_to(connector);
    let connector = wiki::add_to(connector);
    let connector = library_api::add_to(connector);
    let connector = github_search::add_to(connector);
    let connector = files::add_to(connector);
    let connector = cron::add_to(connector);
    let connector = queue::add_to(connector);
    let connector = webhook::add_to(connector);
    let connector = payment::add_to(connector);
    let connector = other_server::add_to(connector);
    upstream_sign_in::add_to(connector)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_recipes_have_no_errors() {
        assert_eq!(connector().check(), []);
    }
}
