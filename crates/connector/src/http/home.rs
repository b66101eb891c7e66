//! `/`: the page for people, filled with what the connector says about itself.

use mcp_connector_oauth::resource::connectors;

use crate::app::state::App;
use crate::config::bindings::MissingBinding;
use crate::config::configuration::ChallengeForm;
use crate::config::settings::SettingError;
use crate::http::answer::Answer;
use crate::http::route::McpEndpoint;
use crate::http::site::Site;
use crate::pages;
use crate::pages::home::content::{Effect, HomeBinding, HomePage, HomeTool, Missing, SignInElsewhere};

/// Returns the page.
pub(crate) fn page(app: &App, site: &Site) -> Answer {
    let (registry, configuration, upstreams) = (&app.endpoint.registry, &app.configuration, &app.upstreams);
    let info = registry.info();
    let tools = registry.tools().iter().map(|tool| {
        let declared = &tool.tool;
        HomeTool {
            title: declared.title.as_deref().unwrap_or(&declared.name),
            description: &declared.description,
            needs_sign_in: tool.needs_sign_in(),
            effect: effect(declared.annotations.read_only, declared.annotations.destructive),
        }
    });
    let page = HomePage {
        name: &info.name,
        title: registry.display_name(),
        description: info.description.as_deref(),
        version: &info.version,
        url: site.resource(McpEndpoint::Lazy).as_str(),
        private_url: site.resource(McpEndpoint::Private).as_str(),
        tools: tools.collect(),
        has_sign_in: !registry.scopes().is_empty(),
        has_account: !registry.scopes().is_empty() && configuration.signs_in_here(),
        sign_in_elsewhere: configuration.authorization_server.as_ref().map(|server| SignInElsewhere {
            host: server.issuer.origin().authority(),
            item: connectors::item(site.issuer.origin(), registry.display_name(), &app.catalogue),
        }),
        challenges_in_result: configuration.challenge == ChallengeForm::Result,
        missing: configuration.weak_passphrase().map(Missing::of),
        setting_errors: configuration.errors.iter().map(SettingError::report).chain(upstreams.reports()).collect(),
        missing_bindings: configuration.missing_bindings.iter().map(binding).collect(),
    };
    Answer::page(200, pages::home(&page))
}

fn binding(missing: &MissingBinding) -> HomeBinding {
    HomeBinding { report: missing.consequence(), lines: missing.lines() }
}

fn effect(read_only: Option<bool>, destructive: Option<bool>) -> Effect {
    match (read_only, destructive) {
        (Some(true), _) => Effect::Reads,
        (_, Some(true)) => Effect::Deletes,
        (Some(false), Some(false)) => Effect::Adds,
        (None, _) | (Some(false), None) => Effect::Unsaid,
    }
}
