//! Checks access tokens: those of this server's own issuing, or, where `AUTH_ISSUER` is set, those of somebody else. The common
//! call checks no signature and asks no storage: each isolate remembers what it has verified, and once a minute looks in KV
//! whether the grant was revoked.

use std::cell::RefCell;

use worker::Env;

use crate::caller::{Caller, GrantId};
use crate::oauth::Timestamp;
use crate::oauth::access_token::{Expected, VerifiedToken, verify};
use crate::oauth::bearer::Bearer;
use crate::oauth::external::{ForeignPolicy, ForeignRefusal};
use crate::oauth::grants::{Call, Grants as _, Reply};
use crate::oauth::opaque::ObjectName;
use crate::oauth::resource::Resource;
use crate::oauth::verified_tokens::{GrantState, Look, VerifiedTokens, marker};

use super::access::{NotVerified, VerifyToken};
use super::app::App;
use super::clock::now;
use super::configuration::AuthIssuer;
use super::foreign::{self, KeySource};
use super::grants_object::GrantsOf;
use super::hints;
use super::settings::Part;
use super::site::Site;

thread_local! {
    static VERIFIED: RefCell<VerifiedTokens> = const { RefCell::new(VerifiedTokens::new()) };
}

/// The tokens that are good here.
pub(crate) struct AccessTokens<'a> {
    pub(crate) app: &'a App,
    pub(crate) site: &'a Site,
    pub(crate) env: &'a Env,
}

impl VerifyToken for AccessTokens<'_> {
    async fn verify(&self, token: &Bearer, resource: &Resource) -> Result<Caller, NotVerified> {
        if self.app.configuration.closed(Part::AccessTokens).is_some() {
            return Err(NotVerified::Unavailable);
        }
        let now = now();
        let remembered = VERIFIED.with_borrow(|verified| verified.caller(token, resource, now));
        let caller = if let Some(caller) = remembered {
            caller
        } else {
            let verified = self.verify_anew(token, resource, now).await?;
            VERIFIED.with_borrow_mut(|known| known.remember(token, resource, verified, now))
        };
        if let Some(grant) = caller.grant {
            self.check_not_revoked(grant, now).await?;
        }
        Ok(Caller::clone(&caller))
    }

    async fn confirm(&self, caller: &Caller) -> Result<(), NotVerified> {
        // A client that acts for itself has no grant, and those of a foreign issuer are kept elsewhere.
        let Some(id) = caller.grant else { return Ok(()) };
        let authority = self.app.authority(self.env).await.map_err(|_| NotVerified::Unavailable)?;
        let list = Call::List { epochs: authority.epochs().to_vec() };
        let grants = GrantsOf { env: self.env };
        match grants.call(ObjectName::of(&caller.subject), list).await {
            Ok(Reply::List(live)) if live.iter().any(|grant| grant.id == id) => Ok(()),
            Ok(Reply::List(_)) => {
                forget(&[id], now());
                Err(NotVerified::Invalid)
            }
            Ok(Reply::StoreCode(_) | Reply::Redeem(_) | Reply::Refresh(_) | Reply::Revoke(_) | Reply::SignedOut)
            | Err(_) => Err(NotVerified::Unavailable),
        }
    }
}

/// When a token expires that this isolate has just verified.
pub(crate) fn expiry(token: &Bearer, resource: &Resource) -> Option<Timestamp> {
    VERIFIED.with_borrow(|verified| verified.expires(token, resource))
}

impl AccessTokens<'_> {
    async fn verify_anew(
        &self,
        token: &Bearer,
        resource: &Resource,
        now: Timestamp,
    ) -> Result<VerifiedToken, NotVerified> {
        if let Some(foreign) = &self.app.configuration.auth_issuer {
            return verify_foreign(token, resource, foreign, now).await;
        }
        let authority = self.app.authority(self.env).await.map_err(|_| NotVerified::Unavailable)?;
        let expected = Expected { issuer: &self.site.issuer, resource, epochs: authority.epochs() };
        verify(token, &authority.signing(now), &expected, now).map_err(|_| NotVerified::Invalid)
    }

    async fn check_not_revoked(&self, grant: GrantId, now: Timestamp) -> Result<(), NotVerified> {
        let look = VERIFIED.with_borrow(|verified| verified.look(grant, now));
        match look {
            Look::NotNow => return Ok(()),
            Look::Revoked => return Err(NotVerified::Invalid),
            Look::Due | Look::Must => {}
        }
        if let Ok(mark) = hints::read(self.env, &marker(grant)).await {
            let state = if mark.is_some() { GrantState::Revoked } else { GrantState::Live };
            VERIFIED.with_borrow_mut(|verified| verified.answered(grant, state, now));
            return if state == GrantState::Live { Ok(()) } else { Err(NotVerified::Invalid) };
        }
        VERIFIED.with_borrow_mut(|verified| verified.unanswered(grant, now));
        if look == Look::Due { Ok(()) } else { Err(NotVerified::Unavailable) }
    }
}

async fn verify_foreign(
    token: &Bearer,
    resource: &Resource,
    foreign: &AuthIssuer,
    now: Timestamp,
) -> Result<VerifiedToken, NotVerified> {
    let mut audiences = vec![resource.as_str()];
    audiences.extend(foreign.audiences.iter().map(String::as_str));
    let policy = ForeignPolicy { issuer: &foreign.issuer, audiences: &audiences, accept_plain_jwt: foreign.plain_jwt };
    foreign::verify(token, KeySource::Metadata(&foreign.issuer), &policy, now).await.map_err(|refused| {
        if matches!(refused, ForeignRefusal::Outage(_)) { NotVerified::Unavailable } else { NotVerified::Invalid }
    })
}

/// Grants that this isolate itself has seen end: their tokens are refused here at once.
pub(crate) fn forget(ended: &[GrantId], now: Timestamp) {
    VERIFIED.with_borrow_mut(|verified| {
        for grant in ended {
            verified.answered(*grant, GrantState::Revoked, now);
        }
    });
}
