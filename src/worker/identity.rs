//! Who finds out who a person is: the owner's passphrase unless `IDENTITY` names somebody else. Its settings.

use std::fmt;

use thiserror::Error;

use crate::oauth::external::ForeignIssuer;
use crate::oauth::identity::AllowedUsers;
use crate::oauth::keys::MacKey;
use crate::oauth::passphrase::Epoch;

/// Somebody else than the passphrase.
#[derive(Debug)]
pub(crate) enum Provider {
    /// `openid`: any OpenID Connect provider, who may enter being on a list.
    OpenId(ProviderClient, AllowedUsers),
    /// `github`, the same.
    GitHub(ProviderClient, AllowedUsers),
    /// `access`: Cloudflare Access in front of `/authorize` and what is below it. Its policy says who may enter.
    Access {
        /// `https://<team>.cloudflareaccess.com`.
        team: ForeignIssuer,
        /// The AUD tag of the application.
        audience: String,
    },
}

/// This server as the provider knows it.
pub(crate) struct ProviderClient {
    pub(crate) issuer: ForeignIssuer,
    pub(crate) client_id: String,
    pub(crate) client_secret: String,
}

impl fmt::Debug for ProviderClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderClient").field("issuer", &self.issuer).finish_non_exhaustive()
    }
}

/// Settings that do not fit together.
#[derive(Clone, Copy, Debug, Error, PartialEq, Eq)]
pub(crate) enum InvalidIdentity {
    #[error("IDENTITY must be passphrase, openid, github or access")]
    Kind,
    #[error("{0} is missing, which IDENTITY needs")]
    Missing(&'static str),
    #[error("{0} must be an https URL")]
    Url(&'static str),
    #[error("ALLOWED_USERS: name who may sign in: identifiers, e-mail addresses, @domains, or * for everybody")]
    Nobody,
}

impl Provider {
    /// Reads the settings; none for the passphrase. `set` gives the text of a variable, if it is set.
    pub(crate) fn read(set: impl Fn(&str) -> Option<String>) -> Result<Option<Self>, InvalidIdentity> {
        let need = |name: &'static str| set(name).ok_or(InvalidIdentity::Missing(name));
        let url = |name: &'static str, text: &str| ForeignIssuer::parse(text).map_err(|_| InvalidIdentity::Url(name));
        let allowed =
            || AllowedUsers::parse(&set("ALLOWED_USERS").unwrap_or_default()).map_err(|_| InvalidIdentity::Nobody);
        Ok(match set("IDENTITY").as_deref() {
            None | Some("passphrase") => None,
            Some("openid") => {
                let client = ProviderClient {
                    issuer: url("OPENID_ISSUER", &need("OPENID_ISSUER")?)?,
                    client_id: need("OPENID_CLIENT_ID")?,
                    client_secret: need("OPENID_CLIENT_SECRET")?,
                };
                Some(Self::OpenId(client, allowed()?))
            }
            Some("github") => {
                let github = set("GITHUB_URL").unwrap_or_else(|| "https://github.com".to_owned());
                let client = ProviderClient {
                    issuer: url("GITHUB_URL", &github)?,
                    client_id: need("GITHUB_CLIENT_ID")?,
                    client_secret: need("GITHUB_CLIENT_SECRET")?,
                };
                Some(Self::GitHub(client, allowed()?))
            }
            Some("access") => Some(Self::Access {
                team: url("ACCESS_TEAM_URL", need("ACCESS_TEAM_URL")?.trim_end_matches('/'))?,
                audience: need("ACCESS_AUDIENCE")?,
            }),
            Some(_) => return Err(InvalidIdentity::Kind),
        })
    }

    /// Where a person is sent who has consented.
    pub(crate) fn site(&self) -> &str {
        match self {
            Self::OpenId(client, _) | Self::GitHub(client, _) => client.issuer.as_str(),
            Self::Access { .. } => "",
        }
    }

    /// What to call it on a page.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::OpenId(client, _) => client.issuer.as_str().trim_start_matches("https://").trim_end_matches('/'),
            Self::GitHub(..) => "GitHub",
            Self::Access { .. } => "Cloudflare Access",
        }
    }

    /// What the provider may call itself in an answer (RFC 9207 §2). GitHub's authorization server has a name of its own.
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

    /// The credentials of today: what was signed in with other settings ends.
    pub(crate) fn epochs(&self, key: &MacKey) -> Vec<Epoch> {
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
        Epoch::of_configuration(&settings, key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(settings: &[(&str, &str)]) -> Result<Option<Provider>, InvalidIdentity> {
        Provider::read(|name| settings.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
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
        for left_out in 1..openid.len() {
            let mut some = openid.to_vec();
            let (name, _) = some.remove(left_out);
            assert!(read(&some).unwrap_err().to_string().contains(name), "{name}");
        }
        assert!(read(&[]).unwrap().is_none() && read(&[("IDENTITY", "passphrase")]).unwrap().is_none());
        assert_eq!(read(&[("IDENTITY", "none")]).unwrap_err(), InvalidIdentity::Kind);
    }
}
