//! Random sequences of requests by an honest client that loses answers, a thief with copies of its tokens, and attackers who know
//! everything but one secret. The rules of `grants` hold for all of them.

use std::collections::BTreeMap;

use proptest::prelude::*;

use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::random::Random as _;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::timestamp::Timestamp;

use crate::authorize::pkce::{CodeChallenge, CodeVerifier};
use crate::clients::client_keys::ClientProof;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::opaque::{ObjectName, Secret};
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::{RedeemError, Redemption};
use crate::grants::grant::Grant;
use crate::grants::grant_store::GrantStore;
use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::Generation;
use crate::grants::refresh::request::{RefreshError, RefreshRequest, Renewal};
use crate::grants::refresh::rotation::Retry;
use crate::grants::rows::GrantRows;
use crate::login::admission::{Admission, AdmissionPolicy};
use crate::resource::protected_resource::Resource;
use crate::testing::test_keys::TestRandom;
use crate::testing::test_rows::TestRows;
use crate::web::network::Network;
use crate::web::origin::Issuer;

pub(crate) const DAY: u64 = 24 * 3600;
pub(crate) const START: Timestamp = Timestamp::from_seconds(1_800_000_000);
pub(crate) const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
pub(crate) const HOME: Network = Network::V4(1);
pub(crate) const AWAY: Network = Network::V4(2);
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

pub(crate) fn store() -> GrantStore<TestRows> {
    GrantStore::new(TestRows::default(), Limits::default())
}

pub(crate) fn policy(versions: &[CredentialVersion]) -> AdmissionPolicy {
    AdmissionPolicy::Passphrase { versions: versions.to_vec() }
}

pub(crate) fn client() -> ClientId {
    ClientId::new("client").unwrap()
}

pub(crate) fn authorization() -> Authorization {
    Authorization {
        subject: Subject::new("owner").unwrap(),
        display_name: None,
        client_id: client(),
        client_name: Some("Client".into()),
        redirect_uri: "http://127.0.0.1:5000/callback".into(),
        resource: Resource::parse("https://host.example/mcp").unwrap(),
        scope: ScopeSet::parse("notes:read profile").unwrap(),
        admission: Admission::Version(VERSION),
        client_proof: ClientProof::SecretOrNone,
    }
}

pub(crate) fn subject() -> Subject {
    authorization().subject
}

pub(crate) fn issuer() -> Issuer {
    Issuer::parse("https://host.example").unwrap()
}

pub(crate) fn challenge() -> CodeChallenge {
    CodeVerifier::parse(VERIFIER).unwrap().challenge()
}

pub(crate) fn object() -> ObjectName {
    ObjectName::of(&subject())
}

/// A code that waits, and the request that redeems it.
pub(crate) fn waiting(store: &mut GrantStore<TestRows>, random: &TestRandom, now: Timestamp) -> Redemption {
    waiting_for(store, authorization(), random, now)
}

pub(crate) fn waiting_for(
    store: &mut GrantStore<TestRows>,
    authorization: Authorization,
    random: &TestRandom,
    now: Timestamp,
) -> Redemption {
    let code = AuthorizationCode::mint(object(), random);
    let client = authorization.client_id.clone();
    assert!(store.store_code(&PendingCode::new(&code, challenge(), authorization, now), None, now).unwrap().is_ok());
    let mut request = Redemption::new(&code, grant_id(random), client, issuer(), policy(&[VERSION]));
    request.code_challenge = Some(challenge());
    request
}

pub(crate) fn grant_id(random: &TestRandom) -> GrantId {
    let mut id = [0; 8];
    random.fill(&mut id);
    GrantId::from_bytes(id)
}

/// A grant, and the request that uses its first refresh token.
pub(crate) fn granted(store: &mut GrantStore<TestRows>, random: &TestRandom, now: Timestamp) -> RefreshRequest {
    let request = waiting(store, random, now);
    let redeemed = store.redeem(&request, now, random).unwrap().unwrap();
    RefreshRequest {
        grant: redeemed.grant,
        generation: redeemed.generation,
        proof: redeemed.proof,
        client_id: client(),
        client_proof: ClientProof::SecretOrNone,
        issuer: issuer(),
        connectors: Vec::new(),
        scope: None,
        resource: None,
        from: Some(HOME),
        policy: policy(&[VERSION]),
    }
}

/// Returns the request that uses the refresh token of a renewal.
pub(crate) fn after(request: &RefreshRequest, renewal: &Renewal) -> RefreshRequest {
    RefreshRequest { generation: renewal.generation, proof: renewal.proof.clone(), ..request.clone() }
}

#[derive(Clone, Debug)]
enum Act {
    /// The honest client refreshes with its newest token. The answer may get lost.
    Honest {
        lost: bool,
    },
    /// A thief, or another window of the same app, copies the honest client's token.
    Copy,
    /// Uses one of the copies, and keeps the resulting token.
    UseCopy(prop::sample::Index),
    /// An attacker uses the newest token with one wrong value.
    WrongValue(u8),
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        3 => any::<bool>().prop_map(|lost| Act::Honest { lost }),
        1 => Just(Act::Copy),
        2 => any::<prop::sample::Index>().prop_map(Act::UseCopy),
        1 => (0..6u8).prop_map(Act::WrongValue),
        2 => (0..61u64).prop_map(Act::Wait),
        1 => (61..3 * DAY).prop_map(Act::Wait),
        1 => (3 * DAY..40 * DAY).prop_map(Act::Wait),
    ]
}

fn network() -> impl Strategy<Value = Option<Network>> {
    prop_oneof![3 => Just(Some(HOME)), 2 => Just(Some(AWAY)), 1 => Just(None)]
}

/// What was observed of one grant.
struct World {
    store: GrantStore<TestRows>,
    now: Timestamp,
    /// Every token that was issued.
    tokens: BTreeMap<Generation, Secret>,
    template: RefreshRequest,
    /// When and from where the live token was made.
    rotated: (Timestamp, Option<Network>),
    /// When late retries from elsewhere were answered.
    elsewhere: Vec<Timestamp>,
}

impl World {
    fn new() -> (Self, RefreshRequest) {
        let mut store = store();
        let first = granted(&mut store, &TestRandom::from(5), START);
        let tokens = [(first.generation, first.proof.clone())].into();
        let template = first.clone();
        (Self { store, now: START, tokens, template, rotated: (START, None), elsewhere: Vec::new() }, first)
    }

    fn grant(&self) -> Grant {
        self.store.rows().grant(self.template.grant).unwrap().unwrap()
    }

    /// Uses an issued token, and compares the outcome with the rule.
    fn refresh(&mut self, request: &RefreshRequest) -> Result<Renewal, RefreshError> {
        let before = self.grant();
        let writes = self.store.rows().writes.get();
        let answer = self.store.refresh(request, self.now).unwrap().answer;
        assert!(self.store.rows().writes.get() <= writes.saturating_add(1), "at most one row per refresh");
        let outcome = answer.as_ref().map(|renewal| renewal.retry).map_err(|refusal| *refusal);
        assert_eq!(outcome, self.expected(&before, request), "{request:?} {:?} at {}", self.rotated, self.now);
        match &answer {
            Ok(renewal) => {
                let known = self.tokens.entry(renewal.generation).or_insert_with(|| renewal.proof.clone());
                assert_eq!(*known, renewal.proof, "two different tokens of one generation");
                match renewal.retry {
                    Retry::First => self.rotated = (self.now, request.from),
                    Retry::LateFromElsewhere => self.elsewhere.push(self.now),
                    Retry::Soon | Retry::Late => {}
                }
            }
            Err(RefreshError::Replayed) => assert!(self.grant().ended().is_some()),
            Err(_) => assert_eq!(self.grant(), before, "a refusal changes nothing"),
        }
        self.promises();
        answer
    }

    /// Returns the outcome according to the rule, independently of the code.
    fn expected(&self, grant: &Grant, request: &RefreshRequest) -> Result<Retry, RefreshError> {
        let age = grant.generation().number().saturating_sub(request.generation.number());
        let (rotated_at, rotated_from) = self.rotated;
        let is_same_network = request.from.is_some() && request.from == rotated_from;
        let spent = self.elsewhere.iter().filter(|at| self.now.seconds_since(**at) < 30 * DAY).count();
        if grant.ended().is_some() {
            Err(RefreshError::Ended)
        } else if !grant.is_live(&Limits::default(), self.now) {
            Err(RefreshError::Expired)
        } else if age == 0 {
            Ok(Retry::First)
        } else if age == 1 && self.now.seconds_since(rotated_at) <= 60 {
            Ok(Retry::Soon)
        } else if age == 1 && is_same_network {
            Ok(Retry::Late)
        } else if age == 1 && spent < 3 {
            Ok(Retry::LateFromElsewhere)
        } else if age > 1 && is_same_network {
            Err(RefreshError::Outdated)
        } else {
            Err(RefreshError::Replayed)
        }
    }

    /// Checks what holds at every moment.
    fn promises(&self) {
        let grant = self.grant();
        // The oldest and the newest tokens are representative.
        let recent = self.tokens.iter().take(1).chain(self.tokens.iter().rev().take(4));
        let probe = |(generation, proof): (&Generation, &Secret)| {
            let request = RefreshRequest { generation: *generation, proof: proof.clone(), ..self.template.clone() };
            grant.refresh(&request, &Limits::default(), self.now)
        };
        let answers: BTreeMap<_, _> = recent.map(|token| (token.0, probe(token).answer)).collect();
        let useful = answers.values().flatten().count();
        let live = answers.values().flatten().filter(|renewal| renewal.retry == Retry::First).count();
        assert!(live <= 1, "{live} live tokens");
        assert!(useful <= 2, "{useful} tokens are good for something");
        if grant.ended().is_some() {
            assert_eq!(useful, 0);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, ..ProptestConfig::default() })]

    #[test]
    fn a_grant_never_has_two_live_refresh_tokens(acts in prop::collection::vec((act(), network()), 1..60)) {
        let (mut world, first) = World::new();
        let mut honest = first.clone();
        let mut copies = Vec::new();
        for (act, from) in acts {
            match act {
                Act::Honest { lost } => {
                    honest.from = from;
                    if let Ok(renewal) = world.refresh(&honest) && !lost {
                        honest = after(&honest, &renewal);
                    }
                }
                Act::Copy => copies.push(honest.clone()),
                Act::UseCopy(which) if !copies.is_empty() => {
                    let token = RefreshRequest { from, ..which.get(&copies).clone() };
                    if let Ok(renewal) = world.refresh(&token) {
                        copies.push(after(&token, &renewal));
                    }
                }
                Act::UseCopy(_) => {}
                Act::WrongValue(which) => {
                    let before = world.grant();
                    let mut request = honest.clone();
                    match which {
                        0 => request.client_id = ClientId::new("other").unwrap(),
                        1 => request.resource = Some(Resource::parse("https://host.example/private/mcp").unwrap()),
                        2 => request.proof = Secret::from_bytes([0; 32]),
                        3 => request.generation = request.generation.next().unwrap(),
                        4 => request.scope = Some(ScopeSet::parse("notes:write").unwrap()),
                        _ => request.grant = GrantId::from_bytes([9; 8]),
                    }
                    prop_assert!(world.store.refresh(&request, world.now).unwrap().answer.is_err());
                    prop_assert_eq!(world.grant(), before, "a wrong request changed something");
                }
                Act::Wait(seconds) => {
                    world.now = world.now.plus(seconds);
                    world.promises();
                }
            }
        }
    }

    /// An honest client refreshes about hourly. Sometimes it loses answers and repeats the request within a minute, sometimes
    /// only much later (from another network at most three times in thirty days).
    #[test]
    fn an_honest_client_that_repeats_itself_never_loses_its_session(
        uses in prop::collection::vec((0..5u8, 3600..20 * 3600u64, prop::collection::vec(0..60u64, 0..4)), 1..100)
    ) {
        let (mut world, mut honest) = World::new();
        let mut late = Vec::new();
        for (kind, gap, retries) in uses {
            world.now = world.now.plus(gap);
            if world.now.seconds_since(START) >= 90 * DAY {
                break;
            }
            late.retain(|at| world.now.seconds_since(*at) < 30 * DAY);
            honest.from = Some(HOME);
            let first = world.refresh(&honest);
            prop_assert!(first.is_ok(), "{:?}", first);
            let mut answer = first.unwrap();
            let sent = world.now;
            for pause in retries {
                // The answer got lost: the same token again, within a minute of the first use.
                world.now = world.now.max(sent.plus(pause));
                let again = world.refresh(&honest);
                prop_assert!(again.is_ok(), "{:?}", again);
                prop_assert_eq!((again.as_ref().unwrap().generation, &again.as_ref().unwrap().proof), (answer.generation, &answer.proof));
                answer = again.unwrap();
            }
            let is_away = kind == 0 && late.len() < 3;
            if (is_away || kind == 1) && world.now.plus(2 * 3600).seconds_since(START) < 90 * DAY {
                // The machine slept, and may have been moved to another network.
                world.now = world.now.plus(2 * 3600);
                if is_away {
                    late.push(world.now);
                    honest.from = Some(AWAY);
                }
                let again = world.refresh(&honest);
                prop_assert!(again.is_ok(), "{:?}", again);
                prop_assert_eq!(again.unwrap().generation, answer.generation);
            }
            honest = after(&honest, &answer);
        }
    }

    #[test]
    fn a_code_is_redeemed_once_and_only_by_its_client(
        tries in prop::collection::vec((0..9u8, 0..40u64), 1..30)
    ) {
        let random = TestRandom::from(2);
        let mut store = store();
        let right = waiting(&mut store, &random, START);
        let (mut now, mut won, mut has_ended) = (START, None, false);
        for (kind, pause) in tries {
            now = now.plus(pause);
            let mut request = right.clone();
            match kind {
                0 => request.client_id = ClientId::new("other").unwrap(),
                1 => request.code_challenge = None,
                2 => request.code_challenge = Some(CodeVerifier::parse(&"x".repeat(43)).unwrap().challenge()),
                3 => request.redirect_uri = Some("http://127.0.0.1:5001/callback".into()),
                4 => request.resource = Some(Resource::parse("https://host.example/private/mcp").unwrap()),
                5 => request.digest = Secret::from_bytes([0; 32]),
                6 => request.policy = policy(&[CredentialVersion::from_bytes([2; 8])]),
                // The client sends its request again, which is another request.
                7 => request.grant = grant_id(&random),
                // The first request is carried out again inside this server.
                _ => {}
            }
            let before = (store.rows().codes().unwrap(), store.rows().grants().unwrap());
            let answer = store.redeem(&request, now, &random).unwrap();
            match (kind, won) {
                (0..=6, _) => {
                    prop_assert!(answer.is_err());
                    let after = (store.rows().codes().unwrap(), store.rows().grants().unwrap());
                    prop_assert_eq!(before, after, "an invalid request changed something");
                }
                (_, None) if now.seconds_since(START) < 60 => won = Some(answer.unwrap().grant),
                (_, None) => prop_assert_eq!(answer, Err(RedeemError::Expired)),
                (8, Some(grant)) if grant == right.grant && !has_ended => {
                    prop_assert_eq!(answer.unwrap().grant, grant);
                }
                (_, Some(grant)) => {
                    has_ended = true;
                    prop_assert_eq!(answer, Err(RedeemError::Replayed(grant)));
                    prop_assert!(store.rows().grant(grant).unwrap().unwrap().ended().is_some());
                }
            }
            prop_assert!(store.rows().grants().unwrap().len() <= 1, "one code, one grant");
        }
    }
}
