//! The settings of the identity provider. Without `IDENTITY`, it is the owner's passphrase.

use std::fmt;

use mcp_connector_base::authorization_parameters::OWN_PARAMETERS;
use mcp_connector_base::identifier::Subject;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_oauth::crypto::credential_version::CredentialVersion;
use mcp_connector_oauth::crypto::keys::mac::MacKey;
use mcp_connector_oauth::login::admission::{AccessApplication, AdmissionPolicy};
use mcp_connector_oauth::login::allowed_users::AllowedUsers;
use mcp_connector_oauth::login::disallowed_user::EmailTrust;
use mcp_connector_oauth::web::discovery::ExternalIssuer;

use crate::config::settings::{Expected, Setting, SettingError};
use crate::config::variables::Variables;

/// The subject of the owner, who signs in with the passphrase.
pub(crate) const OWNER_SUBJECT: &str = "owner";

/// An identity provider.
#[derive(Debug)]
pub(crate) enum Provider {
    /// `openid`: any OpenID Connect provider, with a list of the people who may sign in.
    OpenId(ProviderClient, AllowedUsers),
    /// `github`, the same.
    GitHub(ProviderClient, AllowedUsers),
    /// `access`: Cloudflare Access in front of `/authorize` and what is below it. Its policy says who may sign in.
    Access {
        /// `https://<team>.cloudflareaccess.com`.
        team: ExternalIssuer,
        /// The AUD tag of the application.
        audience: String,
    },
}

/// This server as a client of the provider.
pub(crate) struct ProviderClient {
    pub(crate) issuer: ExternalIssuer,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
    /// Whether addresses count that the provider does not call verified.
    pub(crate) email: EmailTrust,
    /// The scopes that are asked for there. None for those that the registration at GitHub has.
    pub(crate) scope: Option<String>,
    /// Further parameters of the authorization request.
    pub(crate) parameters: Vec<(String, String)>,
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderClient").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

impl Provider {
    /// Reads the settings; none for the passphrase.
    pub(crate) fn read(variables: &Variables<'_>) -> Result<Option<Self>, SettingError> {
        let need = |setting| variables.needed(setting, Setting::Identity);
        let issuer = |setting, text: &str| {
            ExternalIssuer::parse(text).map_err(|error| SettingError { setting, expected: error.into() })
        };
        let allowed = || {
            let setting = Setting::AllowedUsers;
            AllowedUsers::parse(&need(setting)?).map_err(|error| SettingError { setting, expected: error.into() })
        };
        Ok(match variables.text(Setting::Identity).as_deref() {
            None | Some("passphrase") => None,
            Some("openid") => {
                let issuer = issuer(Setting::OpenIdIssuer, &need(Setting::OpenIdIssuer)?)?;
                let client = ProviderClient {
                    email: email_claim(variables, &issuer)?,
                    scope: Some(scope(variables, Some("openid"))?.unwrap_or_else(|| "openid profile email".to_owned())),
                    parameters: parameters(variables)?,
                    issuer,
                    client_id: need(Setting::OpenIdClientId)?,
                    client_secret: need(Setting::OpenIdClientSecret)?,
                };
                Some(Self::OpenId(client, allowed()?))
            }
            Some("github") => {
                let github = variables.text(Setting::GitHubUrl).unwrap_or_else(|| "https://github.com".to_owned());
                let client = ProviderClient {
                    issuer: issuer(Setting::GitHubUrl, &github)?,
                    client_id: need(Setting::GitHubClientId)?,
                    client_secret: need(Setting::GitHubClientSecret)?,
                    email: EmailTrust::VerifiedOnly,
                    scope: scope(variables, None)?,
                    parameters: parameters(variables)?,
                };
                Some(Self::GitHub(client, allowed()?))
            }
            Some("access") => Some(Self::Access {
                team: issuer(Setting::AccessTeamUrl, need(Setting::AccessTeamUrl)?.trim_end_matches('/'))?,
                audience: need(Setting::AccessAudience)?,
            }),
            Some(_) => {
                let expected = Expected::OneOf(vec!["passphrase", "openid", "github", "access"]);
                return Err(SettingError { setting: Setting::Identity, expected });
            }
        })
    }

    /// Returns whether a person can be sent there to choose another account. Access knows the person before the request
    /// arrives.
    pub(crate) const fn has_accounts(&self) -> bool {
        match self {
            Self::OpenId(..) | Self::GitHub(..) => true,
            Self::Access { .. } => false,
        }
    }

    /// Returns the issuer of the subjects.
    pub(crate) const fn issuer(&self) -> &ExternalIssuer {
        match self {
            Self::OpenId(client, _) | Self::GitHub(client, _) => &client.issuer,
            Self::Access { team, .. } => team,
        }
    }

    /// Returns its name for a page.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::OpenId(client, _) => client.issuer.as_str().trim_start_matches("https://").trim_end_matches('/'),
            Self::GitHub(..) => "GitHub",
            Self::Access { .. } => "Cloudflare Access",
        }
    }

    /// Returns the values of `iss` that its answers may have (RFC 9207 §2). GitHub's authorization server has a name of
    /// its own.
    pub(crate) fn names(&self) -> Vec<String> {
        match self {
            Self::OpenId(client, _) => vec![client.issuer.as_str().to_owned()],
            Self::GitHub(client, _) => {
                let github = client.issuer.as_str().trim_end_matches('/');
                vec![github.to_owned(), format!("{github}/login/oauth")]
            }
            Self::Access { .. } => Vec::new(),
        }
    }

    /// Returns who may sign in.
    pub(crate) fn policy(&self, key: &MacKey) -> AdmissionPolicy {
        let settings = self.settings(key);
        match self {
            Self::OpenId(client, allowed) | Self::GitHub(client, allowed) => AdmissionPolicy::Accounts {
                issuer: client.issuer.as_str().to_owned(),
                allowed: allowed.clone(),
                email: client.email,
                settings,
            },
            Self::Access { team, audience } => {
                let application = AccessApplication { team: team.as_str().to_owned(), audience: audience.clone() };
                AdmissionPolicy::Access { application, settings }
            }
        }
    }

    /// Returns what a stored refresh token of the provider belongs to: this server as its client, and a person.
    pub(crate) fn binding(&self, subject: &Subject) -> Vec<u8> {
        let client = match self {
            Self::OpenId(client, _) | Self::GitHub(client, _) => client.client_id.as_str(),
            Self::Access { audience, .. } => audience,
        };
        [self.issuer().as_str(), client, subject.as_str()].join("\0").into_bytes()
    }

    /// Returns the names that the first version of this program gave to all settings together.
    fn settings(&self, key: &MacKey) -> Vec<CredentialVersion> {
        let (kind, issuer, client) = match self {
            Self::OpenId(client, _) => ("openid", &client.issuer, client.client_id.as_str()),
            Self::GitHub(client, _) => ("github", &client.issuer, client.client_id.as_str()),
            Self::Access { team, audience } => ("access", team, audience.as_str()),
        };
        let allowed = match self {
            Self::OpenId(_, allowed) | Self::GitHub(_, allowed) => allowed.to_string(),
            Self::Access { .. } => String::new(),
        };
        let settings = [kind, issuer.as_str(), client, &allowed].map(str::as_bytes);
        CredentialVersion::of_configuration(&settings, key)
    }
}

/// Reads `IDENTITY_SCOPE`.
fn scope(variables: &Variables<'_>, needed: Option<&str>) -> Result<Option<String>, SettingError> {
    let setting = Setting::IdentityScope;
    let Some(text) = variables.text(setting) else { return Ok(None) };
    let names: Vec<&str> = text.split([' ', ',', '\n', '\t']).filter(|name| !name.is_empty()).collect();
    let is_valid = ScopeSet::parse(&names.join(" ")).is_ok() && needed.is_none_or(|needed| names.contains(&needed));
    if is_valid { Ok(Some(names.join(" "))) } else { Err(SettingError { setting, expected: Expected::IdentityScope }) }
}

/// Reads `IDENTITY_PARAMETERS`.
fn parameters(variables: &Variables<'_>) -> Result<Vec<(String, String)>, SettingError> {
    let setting = Setting::IdentityParameters;
    let text = variables.text(setting).unwrap_or_default();
    let parameters = text.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=')?;
        let is_allowed = !name.is_empty() && !value.is_empty() && !OWN_PARAMETERS.contains(&name);
        is_allowed.then(|| (name.trim().to_owned(), value.trim().to_owned()))
    });
    let parameters: Option<Vec<_>> = parameters.collect();
    parameters.ok_or(SettingError { setting, expected: Expected::IdentityParameters })
}

/// Reads `OPENID_TRUST_EMAIL`.
fn email_claim(variables: &Variables<'_>, issuer: &ExternalIssuer) -> Result<EmailTrust, SettingError> {
    let setting = Setting::OpenIdTrustEmail;
    let claim = match variables.text(setting).as_deref() {
        None | Some("false") => Ok(EmailTrust::VerifiedOnly),
        Some("true") => EmailTrust::trusted(issuer).map_err(Expected::from),
        Some(_) => Err(Expected::OneOf(vec!["true", "false"])),
    };
    claim.map_err(|expected| SettingError { setting, expected })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<Provider>, SettingError> {
        let variable =
            |name: &str| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned());
        Provider::read(&Variables::new(&variable))
    }

    #[test]
    fn settings_that_are_missing_are_named() {
        let openid = [
            ("IDENTITY", "openid"),
            ("OPENID_ISSUER", "https://id.example"),
            ("OPENID_CLIENT_ID", "us"),
            ("OPENID_CLIENT_SECRET", "s3cret-s3cret"),
            ("ALLOWED_USERS", "jane@example.com"),
        ];
        let provider = read(&openid).unwrap();
        assert!(!format!("{provider:?}").contains("s3cret"));
        for rejected in 1..openid.len() {
            let mut some = openid.to_vec();
            let (name, _) = some.remove(rejected);
            assert!(read(&some).unwrap_err().to_string().contains(name), "{name}");
        }
        assert!(read(&[]).unwrap().is_none() && read(&[("IDENTITY", "passphrase")]).unwrap().is_none());
        let problem = read(&[("IDENTITY", "none")]).unwrap_err();
        assert_eq!(problem.to_string(), "IDENTITY must be passphrase, openid, github or access");
    }
}
