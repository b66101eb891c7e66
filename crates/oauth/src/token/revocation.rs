//! The revocation endpoint (RFC 7009). Either token ends the whole grant: the refresh tokens at once, the access tokens as soon
//! as the resource hears of it. What is no token, is somebody else's or is over already gets the same answer as a success.

use mcp_connector_base::identifier::GrantId;

use crate::crypto::keys::ring::KeyRing;
use crate::crypto::keys::signing::SigningKeys;
use crate::crypto::opaque::ObjectName;
use crate::grants::commands::{Grants, RevokeForClient, RevokeToken};
use crate::grants::refresh::refresh_token::RefreshToken;
use crate::resource::access_token::{TokenOrigin, token_origin};
use crate::token::endpoint::{Clients, authenticate, read_form};
use crate::token::error::TokenError;
use crate::web::form::Parameters;
use crate::web::origin::Issuer;

/// Everything the endpoint works with.
pub struct RevocationEndpoint<'a, C, G> {
    pub issuer: &'a Issuer,
    pub clients: &'a C,
    pub grants: &'a G,
    pub keys: &'a KeyRing,
    /// and those that sign now.
    pub signing: &'a SigningKeys,
}

impl<C: Clients, G: Grants> RevocationEndpoint<'_, C, G> {
    /// Answers a POST; on success with 200, whatever ended. `authorization` and `content_type` are the headers of that name.
    pub async fn answer(
        &self,
        authorization: Option<&str>,
        content_type: Option<&str>,
        body: &[u8],
    ) -> Result<Vec<GrantId>, TokenError> {
        let form = read_form(content_type, body)?;
        let client = authenticate(self.clients, authorization, &form).await?;
        let token = form.get("token")?.ok_or(TokenError::Missing("token"))?;
        // `token_type_hint` is only a hint (§2.1), and our tokens say what they are.
        check_hint(&form)?;
        if RefreshToken::has_prefix(token) {
            let Ok(token) = RefreshToken::parse(token, self.keys.routing()) else {
                return Ok(Vec::new());
            };
            return Ok(self.grants.ask(token.object(), RevokeToken::new(&token, client.id)).await?.ended);
        }
        match token_origin(token, self.issuer, self.signing) {
            Ok(TokenOrigin { client_id, subject, grant: Some(grant) }) if client_id == client.id => {
                let revoke = RevokeForClient { grant, client_id };
                Ok(self.grants.ask(ObjectName::of(&subject), revoke).await?.ended)
            }
            Ok(_) | Err(_) => Ok(Vec::new()),
        }
    }
}

/// It may be anything, but only once.
fn check_hint(form: &Parameters) -> Result<(), TokenError> {
    form.get("token_type_hint")?;
    Ok(())
}
