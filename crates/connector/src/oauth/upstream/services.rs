//! The upstream services of this deployment: what the author has declared, with the settings that belong to it.

use std::fmt;
use std::rc::Rc;
use std::time::Duration;

use thiserror::Error;

use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::login::provider::metadata::SecretPlace;
use mcp_connector_oauth::upstream::name::UpstreamName;
use mcp_connector_oauth::web::discovery::ExternalIssuer;
use mcp_connector_protocol::{ClientSecretPlace, Upstream, UpstreamKind};

use crate::config::settings::Setting;
use crate::oauth::identity::settings::Provider;
use crate::oauth::identity::upstream::github_token_url;

/// How long the author's function may take that checks a key, or finds out what a person is called.
pub(crate) const CHECK_LIMIT: Duration = Duration::from_secs(10);

/// The upstream services.
#[derive(Debug, Default)]
pub(crate) struct UpstreamServices {
    services: Vec<Rc<UpstreamService>>,
}

/// An upstream service.
#[derive(Debug)]
pub(crate) struct UpstreamService {
    pub(crate) name: UpstreamName,
    /// The name that people see.
    pub(crate) title: String,
    /// The hosts that get the tokens.
    pub(crate) hosts: Vec<String>,
    pub(crate) access: Result<Access, NotSetUp>,
}

/// How people allow the use of a service.
#[derive(Debug)]
pub(crate) enum Access {
    OAuth(Box<OAuthService>),
    /// They type a key into a field of this name.
    Key {
        label: String,
    },
}

/// A service that gives tokens.
#[derive(Debug)]
pub(crate) struct OAuthService {
    pub(crate) client: ServiceClient,
    pub(crate) endpoints: ServiceEndpoints,
    /// The scopes that are asked for, separated by spaces.
    pub(crate) scope: Option<String>,
    /// Further parameters of the authorization request.
    pub(crate) parameters: Vec<(String, String)>,
    /// Whether people sign in here with the same client of the same service.
    pub(crate) is_identity_provider: bool,
}

/// Where a service is.
#[derive(Debug)]
pub(crate) enum ServiceEndpoints {
    Declared {
        authorize_url: String,
        token_url: String,
        revoke_url: Option<String>,
        /// What it calls itself in every authorization response (RFC 9207).
        issuer: Option<String>,
        secret_place: SecretPlace,
    },
    /// Its metadata says it.
    Discovered(ExternalIssuer),
}

/// This server as a client of a service.
pub(crate) struct ServiceClient {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl fmt::Debug for ServiceClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ServiceClient(…)")
    }
}

/// Why a service cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub(crate) enum NotSetUp {
    #[error("{0} is not set")]
    Missing(String),
    #[error("its issuer cannot be used")]
    Issuer,
    #[error("people sign in at another server ({}), so there is no page on which they connect an account", .0.name())]
    OtherServer(Setting),
}

impl UpstreamServices {
    /// Reads the settings of the declared services; `variable` gives the text of one that is set.
    pub(crate) fn read<H>(
        declared: &[Rc<Upstream<H>>],
        variable: impl Fn(&str) -> Option<String>,
        provider: Option<&Provider>,
        other_server: Option<Setting>,
    ) -> Self {
        let service = |upstream: &Rc<Upstream<H>>| {
            let access = match other_server {
                Some(setting) => Err(NotSetUp::OtherServer(setting)),
                None => access(upstream, &variable, provider),
            };
            Some(Rc::new(UpstreamService {
                name: UpstreamName::parse(&upstream.name).ok()?,
                title: upstream.display_name().to_owned(),
                hosts: upstream.hosts.clone(),
                access,
            }))
        };
        Self { services: declared.iter().filter_map(service).collect() }
    }

    /// Returns the service of this name.
    pub(crate) fn find(&self, name: &str) -> Option<&Rc<UpstreamService>> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Rc<UpstreamService>> {
        self.services.iter()
    }

    /// Returns the service with which people sign in here, if its account is connected with the sign-in.
    pub(crate) fn of_identity(&self) -> Option<(&Rc<UpstreamService>, &OAuthService)> {
        self.services.iter().find_map(|service| match &service.access {
            Ok(Access::OAuth(access)) if access.is_identity_provider => Some((service, &**access)),
            Ok(Access::OAuth(_) | Access::Key { .. }) | Err(_) => None,
        })
    }

    /// Returns what keeps services from being used, for the log and for `/`.
    pub(crate) fn reports(&self) -> Vec<String> {
        let report = |service: &Rc<UpstreamService>| {
            let reason = service.access.as_ref().err()?;
            Some(format!("{reason}; closed until that is corrected: the upstream service {}", service.title))
        };
        self.services.iter().filter_map(report).collect()
    }
}

impl UpstreamService {
    /// Returns what a stored token belongs to: this server as a client of the service, and a person. After a change of either, it is
    /// not used.
    pub(crate) fn binding(&self, subject: &Subject) -> Vec<u8> {
        let (place, client) = match &self.access {
            Ok(Access::OAuth(access)) => (access.endpoints.identifier(), access.client.id.as_str()),
            Ok(Access::Key { .. }) => ("key", ""),
            Err(_) => ("", ""),
        };
        ["upstream", self.name.as_str(), place, client, subject.as_str()].join("\0").into_bytes()
    }
}

impl ServiceEndpoints {
    fn identifier(&self) -> &str {
        match self {
            Self::Declared { token_url, .. } => token_url,
            Self::Discovered(issuer) => issuer.as_str(),
        }
    }
}

fn access<H>(
    upstream: &Upstream<H>,
    variable: &impl Fn(&str) -> Option<String>,
    provider: Option<&Provider>,
) -> Result<Access, NotSetUp> {
    let (endpoints, names) = match (&upstream.kind, &upstream.client) {
        (UpstreamKind::ApiKey { label }, _) => return Ok(Access::Key { label: label.clone() }),
        (UpstreamKind::OAuth { authorize_url, token_url, revoke_url, issuer, secret }, Some(names)) => {
            let secret_place = match secret {
                ClientSecretPlace::Body => SecretPlace::Body,
                ClientSecretPlace::Header => SecretPlace::Header,
            };
            let (authorize_url, token_url) = (authorize_url.clone(), token_url.clone());
            let (revoke_url, issuer) = (revoke_url.clone(), issuer.clone());
            (ServiceEndpoints::Declared { authorize_url, token_url, revoke_url, issuer, secret_place }, names)
        }
        (UpstreamKind::OpenId { issuer }, Some(names)) => {
            (ServiceEndpoints::Discovered(ExternalIssuer::parse(issuer).map_err(|_| NotSetUp::Issuer)?), names)
        }
        // The registry has rejected it.
        (UpstreamKind::OAuth { .. } | UpstreamKind::OpenId { .. }, None) => {
            return Err(NotSetUp::Missing("its client".to_owned()));
        }
    };
    let text = |name: &String| {
        let text = variable(name).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty());
        text.ok_or_else(|| NotSetUp::Missing(name.clone()))
    };
    let client = ServiceClient { id: text(&names.id)?, secret: text(&names.secret)? };
    let is_identity_provider = provider.is_some_and(|provider| is_same(provider, &endpoints, &client));
    let openid = matches!(endpoints, ServiceEndpoints::Discovered(_)).then_some("openid");
    let mut scopes: Vec<&str> = Vec::new();
    for scope in openid.into_iter().chain(upstream.scopes.iter().map(String::as_str)) {
        if !scopes.contains(&scope) {
            scopes.push(scope);
        }
    }
    let scope = (!scopes.is_empty()).then(|| scopes.join(" "));
    let parameters = upstream.parameters.clone();
    Ok(Access::OAuth(Box::new(OAuthService { client, endpoints, scope, parameters, is_identity_provider })))
}

/// Returns whether people sign in with the same client of the same service.
fn is_same(provider: &Provider, endpoints: &ServiceEndpoints, client: &ServiceClient) -> bool {
    match (provider, endpoints) {
        (Provider::OpenId(identity, _), ServiceEndpoints::Discovered(issuer)) => {
            identity.issuer == *issuer && identity.client_id == client.id
        }
        (Provider::GitHub(identity, _), ServiceEndpoints::Declared { token_url, .. }) => {
            github_token_url(identity) == *token_url && identity.client_id == client.id
        }
        (Provider::OpenId(..) | Provider::GitHub(..) | Provider::Access { .. }, _) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::variables::Variables;

    fn github(client: &str) -> Rc<Upstream<()>> {
        Rc::new(
            Upstream::oauth(
                "github",
                "https://github.com/login/oauth/authorize",
                "https://github.com/login/oauth/access_token",
            )
            .title("GitHub")
            .scopes(["repo"])
            .client(client, "SECRET")
            .hosts(["api.github.com"]),
        )
    }

    fn variable(name: &str) -> Option<String> {
        let values = [
            ("ID", "us"),
            ("OTHER_ID", "others"),
            ("SECRET", "s3cret"),
            ("IDENTITY", "github"),
            ("GITHUB_CLIENT_ID", "us"),
            ("GITHUB_CLIENT_SECRET", "s3cret"),
            ("ALLOWED_USERS", "jane"),
        ];
        values.into_iter().find(|(known, _)| *known == name).map(|(_, value)| value.to_owned())
    }

    #[test]
    fn a_service_whose_settings_are_missing_is_reported_by_their_names() {
        let declared = [github("ID"), github("NO_ID")];
        let services = UpstreamServices::read(&declared, variable, None, None);
        assert_eq!(
            services.reports(),
            ["NO_ID is not set; closed until that is corrected: the upstream service GitHub"]
        );
        assert!(!format!("{services:?}").contains("s3cret"));
        let external = UpstreamServices::read(&declared, variable, None, Some(Setting::AuthIssuer));
        assert_eq!(external.reports().len(), 2);
    }

    #[test]
    fn a_sign_in_connects_the_account_of_the_same_client_only() {
        let provider = Provider::read(&Variables::new(&variable)).unwrap();
        for (client, is_connected) in [("ID", true), ("OTHER_ID", false)] {
            let services = UpstreamServices::read(&[github(client)], variable, provider.as_ref(), None);
            assert_eq!(services.of_identity().is_some(), is_connected, "{client}");
        }
    }

    #[test]
    fn a_token_belongs_to_one_person_and_one_client() {
        let services = UpstreamServices::read(&[github("ID"), github("OTHER_ID")], variable, None, None);
        let [one, other] = [0, 1].map(|index| services.iter().nth(index).unwrap());
        let [jane, bob] = ["jane", "bob"].map(|name| Subject::new(name).unwrap());
        assert_ne!(one.binding(&jane), one.binding(&bob));
        assert_ne!(one.binding(&jane), other.binding(&jane));
    }
}
