//! A person who has signed in.

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::profile::Profile;

use crate::login::admission::Admission;
use crate::upstream::tokens::UpstreamTokens;

/// Maximum length of a name, in characters.
const MAX_NAME: usize = 100;

/// A person who has signed in. Only code that has checked that creates one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Person {
    /// The subject under which their data is stored.
    pub subject: Subject,
    pub display_name: Option<String>,
    /// What admitted them. Their grants end when that no longer admits them.
    pub admission: Admission,
    /// What an identity provider says about them. `None` with the passphrase.
    pub identity: Option<Box<ProviderIdentity>>,
}

/// What an identity provider says about a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProviderIdentity {
    pub profile: Profile,
    /// The refresh token of the provider, if it gives one.
    pub refresh_token: Option<ProviderRefreshToken>,
    /// The tokens of the sign-in, where a connector uses the provider in the name of the person.
    pub tokens: Option<UpstreamTokens>,
}

/// A refresh token of an identity provider. It is never printed, and stored encrypted.
#[derive(Clone, PartialEq, Eq)]
pub struct ProviderRefreshToken(String);

impl ProviderRefreshToken {
    #[must_use]
    pub fn new(token: &str) -> Self {
        Self(token.to_owned())
    }

    /// Returns the token, for the provider and nobody else.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for ProviderRefreshToken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ProviderRefreshToken(…)")
    }
}

impl Person {
    /// Returns the name, cut to the length that is stored.
    #[must_use]
    pub fn truncated_name(&self) -> Option<String> {
        self.display_name.as_deref().map(|name| name.chars().take(MAX_NAME).collect())
    }

    /// Returns the verified address, if the identity provider has sent one.
    #[must_use]
    pub fn email(&self) -> Option<&str> {
        self.identity.as_ref()?.profile.email()
    }

    /// Returns the person with the tokens of the sign-in, for a connector that uses the provider in their name.
    #[must_use]
    pub fn with_tokens(mut self, tokens: Option<UpstreamTokens>) -> Self {
        if let Some(identity) = &mut self.identity {
            identity.tokens = tokens;
        }
        self
    }

    /// Returns the person with the refresh token that the provider gave for them.
    #[must_use]
    pub fn with_refresh_token(mut self, token: Option<ProviderRefreshToken>) -> Self {
        if let Some(identity) = &mut self.identity {
            identity.refresh_token = token;
        }
        self
    }
}
