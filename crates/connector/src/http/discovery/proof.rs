//! The documents by which the owner proves that the domain is theirs: `MCP_REGISTRY_AUTH` and `OPENAI_APPS_CHALLENGE`.

use crate::config::configuration::Configuration;
use crate::config::settings::Feature;
use crate::http::answer::Answer;
use crate::http::discovery::entity_tag::tagged;
use crate::http::domain_proof::{AppsChallenge, RegistryProof};
use crate::http::route::DomainProof;

/// Returns the text that the owner has set, or what is wrong with it. None without one.
pub(crate) fn answer(configuration: &Configuration, proof: DomainProof, if_none_match: Option<&str>) -> Option<Answer> {
    let (feature, text) = match proof {
        DomainProof::McpRegistry => {
            (Feature::RegistryProof, configuration.mcp_registry_auth.as_ref().map(RegistryProof::as_str))
        }
        DomainProof::OpenAiApps => {
            (Feature::AppsChallenge, configuration.openai_apps_challenge.as_ref().map(AppsChallenge::as_str))
        }
    };
    if let Some(closed) = configuration.closed(feature) {
        return Some(Answer::closed(closed));
    }
    // Without a line break: one of the readers compares every byte.
    let answer = tagged("text/plain; charset=utf-8", text?.as_bytes(), if_none_match);
    Some(answer.header("x-content-type-options", "nosniff").header("cache-control", "no-cache"))
}
