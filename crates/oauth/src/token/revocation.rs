//! The revocation endpoint (RFC 7009).
//!
//! Either token ends the whole grant: its refresh tokens at once, its access tokens when the resource next checks the grant. A
//! text that is not a token, or whose grant belongs to another client or has ended, gets the same response as a success.
//!
//! An access key was not issued to a client, so no client may revoke it. A token of `client_credentials` has no grant, so nothing ends it.
//! A 200 would say that they have ended.

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::SigningKeys;
use crate::crypto::opaque::ObjectName;
use crate::grants::commands::{Grants, RevokeForClient, RevokeToken};
use crate::grants::refresh::refresh_token::RefreshToken;
use crate::resource::access_token::{TokenOrigin, token_origin};
use crate::resource::credential::is_access_key;
use crate::token::client_authentication::{AuthenticatedClient, Clients};
use crate::token::endpoint::read_form;
use crate::token::error::{TokenError, Unrevocable};
use crate::web::form::Parameters;
use crate::web::origin::Issuer;

/// What the endpoint needs. There is one for each request.
pub struct RevocationEndpoint<'a, C, G> {
    pub issuer: &'a Issuer,
    pub clients: &'a C,
    pub grants: &'a G,
    pub keys: &'a KeyRing,
    /// The keys that sign access tokens.
    pub signing: &'a SigningKeys,
    /// A number of this request, by which it uses the assertion of its client.
    pub request: GrantId,
    pub now: Timestamp,
}

impl<C: Clients, G: Grants> RevocationEndpoint<'_, C, G> {
    /// Handles a POST, and returns the grants that have ended. Each `Ok` is a 200. `authorization` and `content_type` are the
    /// headers of that name.
    ///
    /// # Errors
    ///
    /// Returns a [`TokenError`] if the request is malformed, if the client does not authenticate, if the token is an
    /// access key or of a client that acts for itself, if a limit is reached, or if storage or a server of another party does not answer. A token that is
    /// unknown, or of another client, is no error (RFC 7009 §2.2).
    pub async fn answer(
        &self,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<GrantId>, TokenError> {
        let form = read_form(content_type, body)?;
        let authenticated =
            AuthenticatedClient::read(self.clients, authorization, &form, (self.issuer, self.now)).await?;
        let token = form.get("token")?.ok_or(TokenError::Missing("token"))?;
        // `token_type_hint` is only a hint (§2.1): the tokens of this server have distinct forms.
        check_hint(&form)?;
        if is_access_key(token) {
            return Err(Unrevocable::AccessKey.into());
        }
        if RefreshToken::has_prefix(token) {
            let Ok(token) = RefreshToken::parse(token, self.keys.routing()) else {
                return Ok(Vec::new());
            };
            authenticated.use_assertion(self.grants, self.request).await?;
            let command = RevokeToken::new(&token, authenticated.client.id, authenticated.proof);
            return Ok(self.grants.ask(token.object(), command).await?.ended);
        }
        match token_origin(token, self.issuer, self.signing) {
            Ok(TokenOrigin { client_id, subject, grant: Some(grant), .. }) if client_id == authenticated.client.id => {
                authenticated.use_assertion(self.grants, self.request).await?;
                let revoke = RevokeForClient { grant, client_id, client_proof: authenticated.proof };
                Ok(self.grants.ask(ObjectName::of(&subject), revoke).await?.ended)
            }
            Ok(TokenOrigin { client_id, grant: None, expires, .. })
                if client_id == authenticated.client.id && self.now < expires =>
            {
                Err(Unrevocable::ClientCredentials.into())
            }
            Ok(_) | Err(_) => Ok(Vec::new()),
        }
    }
}

/// Checks that the hint, which may have any value, is not repeated.
fn check_hint(form: &Parameters) -> Result<(), TokenError> {
    form.get("token_type_hint")?;
    Ok(())
}
