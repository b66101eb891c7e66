//! The query of an authorization request: its client, login options and resource.
#![cfg_attr(feature = "libfuzzer", no_main)]

use mcp_connector_fuzz::text;
use mcp_connector_oauth::authorize::authorization_request::AuthorizationQuery;
use mcp_connector_oauth::authorize::prompt::LoginOptions;
use mcp_connector_oauth::resource::audiences::Audiences;
use mcp_connector_oauth::resource::protected_resource::ResourceServer;
use mcp_connector_oauth::resource::scope_catalogue::ScopeCatalogue;
use mcp_connector_oauth::web::form::Parameters;
use mcp_connector_oauth::web::origin::Origin;

mcp_connector_fuzz::target!(run);

/// Returns whether the input is accepted.
pub fn run(input: &[u8]) -> bool {
    let Ok(query) = AuthorizationQuery::parse(text(input)) else { return false };
    assert!(query.client_id().as_str().is_ascii());
    let (Ok(parameters), Ok(origin)) = (Parameters::parse(input), Origin::of("https://mcp.example.com")) else {
        return false;
    };
    if let Ok(login) = LoginOptions::read(&parameters) {
        let hint = login.login_hint().unwrap_or_default();
        assert!(hint.len() <= 320 && !hint.contains(char::is_control), "what a provider is sent is bounded");
        assert!(login.prompt(None).is_none_or(|prompt| prompt.split(' ').count() <= 2), "and made of known words");
    }
    let resources = ResourceServer::new(&origin);
    let scopes = ScopeCatalogue::default();
    let Ok((resource, _)) = Audiences::new(&resources, &scopes).requested(&parameters) else { return false };
    assert!(resource.as_str().starts_with("https://mcp.example.com/"), "a resource of ours");
    true
}
