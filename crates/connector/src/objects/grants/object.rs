//! The Durable Object `Grants`, one for each subject: its codes, grants and access keys, in `SQLite`. [`GrantStore`] decides what becomes of
//! them; here each decision is one transaction, and what is over is swept. Isolates ask here whether a grant is still valid.

use std::rc::Rc;
use std::time::Duration;

use futures::lock::Mutex;
use worker::{DurableObject, Env, Request, Response, State, console_error, durable_object};

use mcp_connector_base::identifier::GrantId;
use mcp_connector_base::timestamp::Timestamp;
use mcp_connector_oauth::clients::client::ClientStatus;
use mcp_connector_oauth::clients::client_hash::ClientHash;
use mcp_connector_oauth::grants::access_keys::commands::{StoreAccessKey, UseAccessKey, UsedKey};
use mcp_connector_oauth::grants::assertions::commands::{
    AssertedGrant, AssertionRefused, RedeemAssertion, UseClientAssertion,
};
use mcp_connector_oauth::grants::checked::CheckedGrants;
use mcp_connector_oauth::grants::codes::redemption::Redemption;
use mcp_connector_oauth::grants::commands::{
    AccountAction, CheckGrants, EndClientGrants, EndForOwner, EndGrants, GrantsCommand, ListAccess, ListForOwner,
    ListGrants, RevokeForClient, RevokeToken, StoreCode, StoreIdentity,
};
use mcp_connector_oauth::grants::grant_store::{ClientUseToRecord, GrantStore};
use mcp_connector_oauth::grants::history::record::AccessRecord;
use mcp_connector_oauth::grants::identity::renewal::{DueRenewal, TokenRefreshOutcome};
use mcp_connector_oauth::grants::refresh::request::{RefreshError, RefreshRequest, Refreshed};
use mcp_connector_oauth::grants::revoked::Revoked;
use mcp_connector_oauth::grants::room::Room;
use mcp_connector_oauth::grants::sign_in::commands::{CheckBrowser, ForgetBrowser, StoreSignIn};
use mcp_connector_oauth::grants::sign_in::passkey_commands::{AddPasskey, FindPasskeyKey, RemovePasskey, UsePasskey};
use mcp_connector_oauth::upstream::commands::{ConnectUpstream, DisconnectUpstream, GetUpstreamToken};
use mcp_connector_protocol::Unavailable;

use crate::app::state::app;
use crate::config::bindings::Binding;
use crate::oauth::identity::renewal;
use crate::objects::alarm::Alarm;
use crate::objects::directory::commands::SignedInPerson;
use crate::objects::directory::stub::DirectoryStub;
use crate::objects::dispatch;
use crate::objects::dispatch::dispatch;
use crate::objects::grants::rows::{SCHEMA, SqlRows};
use crate::objects::grants::upstream_refreshes::UpstreamRefreshes;
use crate::objects::rows::has_table;
use crate::objects::tables::Tables;
use crate::platform::clock::{Entropy, now};

/// Rows are swept no more often than this, in seconds: a code that is over may stay for a while.
const SWEEP_AFTER: u64 = 3600;
/// Rows are looked at again after this time at the latest, in seconds: some are stored for ever.
const SWEEP_WITHIN: u64 = 365 * 24 * 3600;

/// What became of a use that was to be entered in the directory.
enum Entered {
    Recorded,
    /// It is entered already, or the directory does not answer.
    Not,
    /// The owner has ended the client for everybody.
    Ended,
}

/// The grants of one subject.
#[durable_object(alarm)]
pub struct Grants {
    state: State,
    pub(super) env: Env,
    tables: Tables,
    alarm: Alarm,
    room: Room,
    /// Held while the identity provider is asked.
    pub(super) renewing: Mutex<()>,
    pub(super) upstream_refreshes: UpstreamRefreshes,
}

impl DurableObject for Grants {
    fn new(state: State, env: Env) -> Self {
        Self {
            state,
            env,
            tables: Tables::new(SCHEMA),
            alarm: Alarm::default(),
            room: Room::default(),
            renewing: Mutex::new(()),
            upstream_refreshes: UpstreamRefreshes::default(),
        }
    }

    async fn fetch(&self, request: Request) -> worker::Result<Response> {
        dispatch!(Binding::Grants, dispatch::message(request).await?, {
            StoreCode => async |command| self.carry_out_and_sweep_later(command).await,
            StoreIdentity => async |command| self.carry_out_and_sweep_later(command).await,
            Redemption => async |command| self.carry_out(command),
            RefreshRequest => async |command| self.refresh(command).await,
            RevokeToken => async |command| self.carry_out(command),
            RevokeForClient => async |command| self.carry_out(command),
            CheckGrants => async |command| self.check_grants(command).await,
            EndClientGrants => async |command| self.carry_out(command),
            ListGrants => async |command| self.carry_out(command),
            ListForOwner => async |command| self.carry_out(command),
            ListAccess => async |command| self.list_access(command),
            EndForOwner => async |command| self.end_for_owner(command).await,
            EndGrants => async |command| self.end_grants(command).await,
            StoreAccessKey => async |command| self.carry_out_and_sweep_later(command).await,
            UseAccessKey => async |command| self.use_access_key(command).await,
            StoreSignIn => async |command| self.carry_out_and_sweep_later(command).await,
            CheckBrowser => async |command| self.carry_out(command),
            ForgetBrowser => async |command| self.carry_out(command),
            FindPasskeyKey => async |command| self.carry_out(command),
            UsePasskey => async |command| self.carry_out(command),
            AddPasskey => async |command| self.carry_out_and_sweep_later(command).await,
            RemovePasskey => async |command| self.carry_out(command),
            GetUpstreamToken => async |command| self.upstream_token(command).await,
            ConnectUpstream => async |command| self.connect_upstream(command).await,
            DisconnectUpstream => async |command| self.carry_out(command),
            UseClientAssertion => async |command| self.carry_out_and_sweep_later(command).await,
            RedeemAssertion => async |command| self.redeem_assertion(command).await,
        })
    }

    /// Sweeps.
    async fn alarm(&self) -> worker::Result<Response> {
        self.alarm.has_come();
        let now = now();
        match self.with_store(move |store| store.sweep(now))? {
            None => {
                self.tables.are_deleted();
                self.state.storage().delete_all().await?;
            }
            Some(next) => {
                let wait = Duration::from_secs(next.seconds_since(now).clamp(SWEEP_AFTER, SWEEP_WITHIN));
                self.alarm.set(&self.state.storage(), wait).await?;
            }
        }
        Response::empty()
    }
}

/// What came of a refresh, and the use of the client, if it is to be entered in the directory.
type RefreshedUse = (Refreshed, Option<ClientUseToRecord>);

fn refresh_and_use(
    store: &mut GrantStore<SqlRows>,
    command: &RefreshRequest,
    now: Timestamp,
) -> worker::Result<RefreshedUse> {
    let refreshed = store.refresh(command, now)?;
    let to_enter = if refreshed.answer.is_ok() { store.client_use_to_record(command.grant, now)? } else { None };
    Ok((refreshed, to_enter))
}

impl Grants {
    pub(super) fn carry_out<C: GrantsCommand<Answer: 'static> + 'static>(
        &self,
        command: C,
    ) -> worker::Result<C::Answer> {
        let (now, entropy) = (now(), Entropy::new().map_err(|_| "no randomness")?);
        self.with_store(move |store| command.carry_out(store, now, &entropy))
    }

    /// Carries out a command that stores a row with an end.
    async fn carry_out_and_sweep_later<C: GrantsCommand<Answer: 'static> + 'static>(
        &self,
        command: C,
    ) -> worker::Result<C::Answer> {
        let answer = self.carry_out(command)?;
        self.sweep_later().await?;
        Ok(answer)
    }

    /// Uses an assertion, and enters the use in the directory, as a refresh does. So a person whom a trusted issuer admits is there
    /// from the first assertion on.
    async fn redeem_assertion(
        &self,
        command: RedeemAssertion,
    ) -> worker::Result<Result<AssertedGrant, AssertionRefused>> {
        let redeemed = self.carry_out_and_sweep_later(command).await?;
        let Ok(asserted) = redeemed else { return Ok(redeemed) };
        let grant = asserted.grant;
        let Some(to_enter) = self.with_store(move |store| store.client_use_to_record(grant, now()))? else {
            return Ok(Ok(asserted));
        };
        Ok(match self.enter(grant, to_enter).await? {
            Entered::Ended => Err(AssertionRefused::Ended),
            Entered::Recorded => Ok(AssertedGrant { use_is_recorded: true, ..asserted }),
            Entered::Not => Ok(asserted),
        })
    }

    /// Lists what had access. An object that keeps nothing is left as it is: nobody would delete what is made in it.
    fn list_access(&self, command: ListAccess) -> worker::Result<Vec<AccessRecord>> {
        if has_table(&self.state.storage().sql(), "grants")? { self.carry_out(command) } else { Ok(Vec::new()) }
    }

    async fn end_for_owner(&self, command: EndForOwner) -> worker::Result<Revoked> {
        let subject = command.subject.clone();
        let revoked = self.carry_out(command)?;
        self.revoke_upstreams(subject.as_ref(), &revoked);
        self.sweep_later().await?;
        Ok(revoked)
    }

    async fn end_grants(&self, command: EndGrants) -> worker::Result<Option<Revoked>> {
        let keeps_sign_out = command.action == AccountAction::SignOut;
        let subject = command.subject.clone();
        let revoked = self.carry_out(command)?;
        if let Some(revoked) = &revoked {
            self.revoke_upstreams(Some(&subject), revoked);
        }
        if keeps_sign_out {
            self.sweep_later().await?;
        }
        Ok(revoked)
    }

    async fn refresh(&self, command: RefreshRequest) -> worker::Result<Refreshed> {
        let grant = command.grant;
        match self.renew_and_refresh(command).await? {
            (refreshed, Some(to_enter)) => self.enter_use(grant, refreshed, to_enter).await,
            (refreshed, None) => Ok(refreshed),
        }
    }

    /// Refreshes, after what the identity provider says of the person was renewed, if the provider has given a refresh token. Requests
    /// of several apps that come together share one renewal.
    async fn renew_and_refresh(&self, command: RefreshRequest) -> worker::Result<RefreshedUse> {
        let asked_at = now();
        if let Ok(refreshed) = self.refresh_unless_due(&command, asked_at)? {
            return Ok(refreshed);
        }
        let _renewing = self.renewing.lock().await;
        // Another request may have renewed it meanwhile, or used the same token.
        match self.refresh_unless_due(&command, asked_at)? {
            Ok(refreshed) => Ok(refreshed),
            Err(due) => {
                self.renew(due).await?;
                self.with_store(move |store| refresh_and_use(store, &command, now()))
            }
        }
    }

    /// Refreshes, unless a renewal is due before. It is one transaction.
    fn refresh_unless_due(
        &self,
        command: &RefreshRequest,
        asked_at: Timestamp,
    ) -> worker::Result<Result<RefreshedUse, DueRenewal>> {
        let (command, now) = (command.clone(), now());
        self.with_store(move |store| match store.due_renewal(&command, asked_at, now)? {
            Some(due) => Ok(Err(due)),
            None => refresh_and_use(store, &command, now).map(Ok),
        })
    }

    async fn use_access_key(&self, command: UseAccessKey) -> worker::Result<Option<UsedKey>> {
        self.renew_for_keys(command, GrantStore::due_renewal_of_key).await
    }

    async fn check_grants(&self, command: CheckGrants) -> worker::Result<CheckedGrants> {
        self.renew_for_keys(command, GrantStore::due_renewal_of_keys).await
    }

    /// Carries out a command, after the renewal that is due before the use of an access key. A renewal that another request has begun
    /// is not waited for. Without one it is one transaction.
    async fn renew_for_keys<C: GrantsCommand<Answer: 'static> + Clone + 'static>(
        &self,
        command: C,
        due: fn(&GrantStore<SqlRows>, &C, Timestamp) -> worker::Result<Option<DueRenewal>>,
    ) -> worker::Result<C::Answer> {
        let Some(_renewing) = self.renewing.try_lock() else { return self.carry_out(command) };
        let (asked, now, entropy) = (command.clone(), now(), Entropy::new().map_err(|_| "no randomness")?);
        let answer = self.with_store(move |store| match due(store, &asked, now)? {
            Some(due) => Ok(Err(due)),
            None => asked.carry_out(store, now, &entropy).map(Ok),
        })?;
        match answer {
            Ok(answer) => Ok(answer),
            Err(due) => {
                self.renew(due).await?;
                self.carry_out(command)
            }
        }
    }

    /// Renews what the identity provider says of the person. Whoever calls holds the lock. Returns whether the provider has answered
    /// the exchange of its refresh token.
    pub(super) async fn renew(&self, due: DueRenewal) -> worker::Result<bool> {
        let due = Rc::new(due);
        let begun = Rc::clone(&due);
        self.with_store(move |store| store.begin_token_refresh(&begun, now()))?;
        let (outcome, tokens) = renewal::refresh_tokens(&self.env, &due).await;
        let is_answered = matches!(outcome, TokenRefreshOutcome::Redeemed(_) | TokenRefreshOutcome::Refused);
        // Before anything else is asked, which may fail: the provider may take no other token from now on.
        let exchanged = Rc::clone(&due);
        let ended = self.with_store(move |store| store.take_token_refresh(&exchanged, outcome, now()))?;
        self.revoke_upstreams(Some(&due.subject), &ended);
        let Some(tokens) = tokens else { return Ok(is_answered) };
        if let Some((upstream, tokens)) = tokens.upstream() {
            self.with_store(move |store| store.take_identity_tokens(&upstream, tokens, now()))?;
        }
        let outcome = renewal::ask(&self.env, &due, &tokens).await;
        self.with_store(move |store| store.take_renewal(&due, outcome, now()))?;
        Ok(is_answered)
    }

    async fn enter_use(
        &self,
        grant: GrantId,
        refreshed: Refreshed,
        to_enter: ClientUseToRecord,
    ) -> worker::Result<Refreshed> {
        Ok(match self.enter(grant, to_enter).await? {
            Entered::Recorded => Refreshed { use_is_recorded: true, ..refreshed },
            Entered::Ended => Refreshed { answer: Err(RefreshError::Ended), use_is_recorded: false },
            Entered::Not => refreshed,
        })
    }

    /// Enters the use of a grant in the directory. If the owner has ended the client, the grant ends here; this concerns grants from
    /// before there was a directory. If the directory does not answer, the use goes on, and the next one asks again.
    async fn enter(&self, grant: GrantId, to_enter: ClientUseToRecord) -> worker::Result<Entered> {
        let now = now();
        let ClientUseToRecord { authorization, signed_in_at, email } = to_enter;
        let person = SignedInPerson { subject: authorization.subject, name: authorization.display_name, email };
        let client = ClientHash::of(&authorization.client_id);
        let directory = DirectoryStub { env: &self.env };
        match directory.enter_use(person, client.clone(), signed_in_at).await {
            Ok(ClientStatus::Active) => {
                self.with_store(move |store| store.set_use_recorded(grant, now))?;
                Ok(Entered::Recorded)
            }
            Ok(ClientStatus::Ended) => {
                self.with_store(move |store| store.end_client(&client, now))?;
                Ok(Entered::Ended)
            }
            Err(Unavailable) => {
                console_error!("directory: the use of a client could not be recorded");
                Ok(Entered::Not)
            }
        }
    }

    /// Runs `work` as one transaction, which happens whole or not at all.
    pub(super) fn with_store<T: 'static>(
        &self,
        work: impl FnOnce(&mut GrantStore<SqlRows>) -> worker::Result<T> + 'static,
    ) -> worker::Result<T> {
        // Without a connector nothing is served.
        let settings =
            app(&self.env).map(|app| (app.configuration.identity_claims.version(), app.configuration.policy.limits()));
        let (claims, limits) = settings.unwrap_or_default();
        let room = self.room.clone();
        self.tables.transaction(&self.state.storage(), move |sql| {
            work(&mut GrantStore::new(SqlRows::new(sql), limits).with_claims(claims).with_room(room))
        })
    }

    pub(super) async fn sweep_later(&self) -> worker::Result<()> {
        self.alarm.set_at_latest(&self.state.storage(), Duration::from_secs(SWEEP_AFTER)).await
    }
}
