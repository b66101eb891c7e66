//! The settings of one sign-in for several connectors: `AUTHORIZATION_SERVER`, and `CONNECTORS` on the other side.

use mcp_connector_oauth::resource::connectors::Connectors;
use mcp_connector_oauth::resource::protected_resource::{Resource, ResourceServer};
use mcp_connector_oauth::web::origin::Issuer;

use crate::config::settings::{Expected, Setting, SettingError};
use crate::config::variables::{Variables, secure_origin};

/// What has no effect at a connector whose sign-in another one keeps: it is read there. `ROLES` and `REQUIRED_GROUPS` apply at both.
const READ_THERE: [Setting; 15] = [
    Setting::OwnerPassphrase,
    Setting::Identity,
    Setting::AllowedUsers,
    Setting::TrustedIssuers,
    Setting::OAuthClients,
    Setting::Connectors,
    Setting::ProviderOnly,
    Setting::AllowedClientHosts,
    Setting::LocalClients,
    Setting::AccessKeys,
    Setting::AccessKeyDays,
    Setting::SignInHours,
    Setting::SignInIdleHours,
    Setting::AccessTokenSeconds,
    Setting::RememberBrowserDays,
];

/// The connector of another Worker whose authorization server issues the tokens for this one. It is asked over the Service Binding
/// `INTROSPECTION`.
#[derive(Debug)]
pub(crate) struct SharedAuthorizationServer {
    /// Its identifier.
    pub(crate) issuer: Issuer,
    /// `/mcp` of this connector, by which the questions name it.
    pub(crate) resource: Resource,
    /// The variables that are set here and have no effect.
    pub(crate) without_effect: Vec<&'static str>,
}

impl SharedAuthorizationServer {
    /// Reads which connector that is. It knows this one by its address, so `PUBLIC_URL` has to be set.
    pub(super) fn read(read: &Variables<'_>, public_url: Option<&Issuer>) -> Result<Option<Self>, SettingError> {
        let error = |expected| SettingError { setting: Setting::AuthorizationServer, expected };
        let Some(text) = read.text(Setting::AuthorizationServer) else { return Ok(None) };
        let issuer = secure_origin(&text).map_err(error)?;
        if read.text(Setting::AuthIssuer).is_some() {
            return Err(error(Expected::NotBeside(Setting::AuthIssuer)));
        }
        let own = public_url.ok_or_else(|| error(Expected::Beside(Setting::PublicUrl)))?;
        if *own == issuer {
            return Err(error(Expected::AnotherServer));
        }
        let is_set = |setting: &Setting| read.text(*setting).is_some();
        Ok(Some(Self {
            issuer,
            resource: ResourceServer::new(own.origin()).mcp().clone(),
            without_effect: READ_THERE.into_iter().filter(is_set).map(Setting::name).collect(),
        }))
    }

    /// Returns what to tell the owner of settings that have no effect here; none if there are no such settings.
    pub(crate) fn report(&self) -> Option<String> {
        let (names, issuer) = (self.without_effect.join(", "), self.issuer.as_str());
        (!names.is_empty()).then(|| {
            format!(
                "configuration: no effect here: {names}. AUTHORIZATION_SERVER is set, so {issuer} decides who signs in, with what, \
                 and for how long. Set them there"
            )
        })
    }
}

/// Reads the other connectors. Their tokens name this server as it names itself, under whatever name it was asked.
pub(super) fn connectors(read: &Variables<'_>, public_url: Option<&Issuer>) -> Result<Connectors, SettingError> {
    let error = |expected| SettingError { setting: Setting::Connectors, expected };
    let text = read.text(Setting::Connectors).unwrap_or_default();
    let connectors = Connectors::parse(&text).map_err(|invalid| error(invalid.into()))?;
    match public_url {
        Some(own) => connectors.check(own).map_err(|invalid| error(invalid.into()))?,
        None if connectors.is_empty() => {}
        None => return Err(error(Expected::Beside(Setting::PublicUrl))),
    }
    Ok(connectors)
}
