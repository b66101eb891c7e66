//! The rules of passkeys, with an authenticator of the tests' own.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey, Verifier as _};
use proptest::prelude::*;
use sha2::{Digest as _, Sha256};

use mcp_connector_base::identifier::Subject;
use mcp_connector_base::timestamp::Timestamp;

use crate::crypto::credential_version::CredentialVersion;
use crate::login::passkeys::assertion::{PasskeyUse, UnverifiedAssertion};
use crate::login::passkeys::ceremony::{Challenge, PasskeyError, Purpose, RelyingParty, user_handle};
use crate::login::passkeys::public_key::PasskeyKey;
use crate::login::passkeys::registered_passkeys::Passkeys;
use crate::login::passkeys::registration::NewPasskey;
use crate::testing::test_keys::ring;
use crate::web::origin::Origin;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const VERSION: CredentialVersion = CredentialVersion::from_bytes([1; 8]);
const OTHER: CredentialVersion = CredentialVersion::from_bytes([2; 8]);
const ORIGIN: &str = "https://mcp.example.com";
const SEALED: &str = "a-sealed-form";

fn party(origin: &str) -> RelyingParty {
    RelyingParty::of(&Origin::of(origin).unwrap()).unwrap()
}

fn owner() -> Subject {
    Subject::new("owner").unwrap()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// An authenticator, and what its browser and its user do.
#[derive(Clone)]
struct Authenticator {
    key: SigningKey,
    counter: u32,
    flags: u8,
    rp_id: &'static str,
    handle: String,
    client_data: String,
}

impl Authenticator {
    fn new() -> Self {
        Self {
            key: SigningKey::from_bytes(&[9; 32]),
            counter: 0,
            flags: 0x05,
            rp_id: "mcp.example.com",
            handle: user_handle(&owner(), ring(1).routing()),
            client_data: String::new(),
        }
    }

    /// Client data as a browser at `ORIGIN` writes it.
    fn answering(self, ceremony: &str, challenge: Challenge) -> Self {
        let challenge = challenge.to_text();
        let client_data = format!(
            r#"{{"type":"{ceremony}","challenge":"{challenge}","origin":"{ORIGIN}","crossOrigin":false,"other_keys":"x"}}"#
        );
        Self { client_data, ..self }
    }

    fn with(self, from: &str, to: &str) -> Self {
        assert!(self.client_data.contains(from), "{from}");
        Self { client_data: self.client_data.replace(from, to), ..self }
    }

    fn data(&self, rest: &[u8]) -> Vec<u8> {
        [Sha256::digest(self.rp_id).as_slice(), &[self.flags], &self.counter.to_be_bytes(), rest].concat()
    }

    fn registration(&self) -> String {
        let mut cose = minicbor::Encoder::new(Vec::new());
        cose.map(4).unwrap().i64(1).unwrap().i64(1).unwrap().i64(3).unwrap().i64(-8).unwrap();
        let public = self.key.verifying_key().to_bytes();
        cose.i64(-1).unwrap().i64(6).unwrap().i64(-2).unwrap().bytes(&public).unwrap();
        let cose = cose.into_writer();
        let credential = [[0; 16].as_slice(), &[0, 4], b"cred", &cose].concat();
        let data = Self { flags: self.flags | 0x40, ..self.clone() }.data(&credential);
        let mut attestation = minicbor::Encoder::new(Vec::new());
        attestation.map(3).unwrap().str("fmt").unwrap().str("none").unwrap();
        attestation.str("attStmt").unwrap().map(0).unwrap().str("authData").unwrap().bytes(&data).unwrap();
        let attestation = attestation.into_writer();
        [encode(self.client_data.as_bytes()), encode(&attestation)].join(".")
    }

    fn assertion(&self) -> String {
        let data = self.data(&[]);
        let hash = Sha256::digest(&self.client_data);
        let signature = self.key.sign(&[data.as_slice(), &hash].concat());
        let parts = [b"cred".as_slice(), self.client_data.as_bytes(), &data, &signature.to_bytes()];
        [parts.map(encode).join("."), self.handle.clone()].join(".")
    }
}

fn challenge(purpose: Purpose) -> Challenge {
    Challenge::of(purpose, SEALED)
}

fn register(authenticator: &Authenticator) -> Result<NewPasskey, PasskeyError> {
    NewPasskey::check(&authenticator.registration(), challenge(Purpose::Register), &party(ORIGIN))
}

fn sign_in(authenticator: &Authenticator) -> Result<UnverifiedAssertion, PasskeyError> {
    let keys = ring(1);
    let sent = authenticator.assertion();
    UnverifiedAssertion::check(&sent, challenge(Purpose::SignIn), &party(ORIGIN), &owner(), keys.routing())
}

/// A row with the passkey of `Authenticator::new`.
pub(crate) fn registered() -> Passkeys {
    let mut row = Passkeys::new(VERSION);
    let new = register(&Authenticator::new().answering("webauthn.create", challenge(Purpose::Register))).unwrap();
    row.add(new, "Laptop".to_owned(), [0; 16], NOW).unwrap();
    row
}

/// A use of the passkey, for the form with this sealed value.
pub(crate) fn used(sealed: &str, counter: u32, attempt: u8) -> PasskeyUse {
    let keys = ring(1);
    let challenge = Challenge::of(Purpose::SignIn, sealed);
    let authenticator = Authenticator { counter, ..Authenticator::new() }.answering("webauthn.get", challenge);
    let party = party(ORIGIN);
    let sent = authenticator.assertion();
    UnverifiedAssertion::check(&sent, challenge, &party, &owner(), keys.routing()).unwrap().verified([attempt; 16])
}

#[test]
fn a_passkey_is_registered_and_then_signs_in() {
    let row = registered();
    let [summary] = <[_; 1]>::try_from(row.list()).unwrap();
    assert_eq!((summary.name.as_str(), summary.relying_party.as_str()), ("Laptop", "mcp.example.com"));
    let authenticator = Authenticator::new().answering("webauthn.get", challenge(Purpose::SignIn));
    let assertion = sign_in(&authenticator).unwrap();
    let key = row.key(assertion.credential()).unwrap();
    assert_eq!(*key, PasskeyKey::Ed25519(authenticator.key.verifying_key().to_bytes()));
    let signature = key.platform_signature(assertion.signature()).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&signature).unwrap();
    authenticator.key.verifying_key().verify(assertion.message(), &signature).unwrap();
    let mut row = row;
    assert_eq!(row.note_use(&assertion.verified([1; 16]), NOW.plus(5)), Ok(()));
    assert_eq!(row.list()[0].used_at, Some(NOW.plus(5)));
}

#[test]
fn a_response_of_another_site_form_or_user_or_without_verification_is_refused() {
    use PasskeyError as E;
    let genuine = |ceremony, purpose| Authenticator::new().answering(ceremony, challenge(purpose));
    let signing_in = || genuine("webauthn.get", Purpose::SignIn);
    let registering = || genuine("webauthn.create", Purpose::Register);
    for (name, change, refused) in [
        ("another origin", ("https://mcp.example.com", "https://evil.example"), E::WrongOrigin),
        ("a look-alike origin", ("https://mcp.example.com", "https://mcp.example.com.evil.example"), E::WrongOrigin),
        ("another port", ("https://mcp.example.com", "https://mcp.example.com:8443"), E::WrongOrigin),
        ("plain http", ("https://mcp.example.com", "http://mcp.example.com"), E::WrongOrigin),
        ("a frame of another site", ("\"crossOrigin\":false", "\"crossOrigin\":true"), E::Framed),
        ("the top of a frame", ("\"crossOrigin\":false", "\"topOrigin\":\"https://evil.example\""), E::Framed),
        ("a repeated member", ("\"crossOrigin\":false", "\"origin\":\"https://evil.example\""), E::Malformed),
        ("another type of a member", ("\"crossOrigin\":false", "\"crossOrigin\":\"no\""), E::Malformed),
    ] {
        assert_eq!(sign_in(&signing_in().with(change.0, change.1)).err(), Some(refused), "{name}");
        assert_eq!(register(&registering().with(change.0, change.1)).err(), Some(refused), "{name}");
    }
    for (name, change, refused) in [
        ("without user verification", (|a| Authenticator { flags: 0x01, ..a }) as fn(_) -> _, E::NotVerified),
        ("without the user", |a| Authenticator { flags: 0x04, ..a }, E::NotVerified),
        ("backed up, and not eligible for it", |a| Authenticator { flags: 0x15, ..a }, E::Malformed),
        ("another relying party", |a| Authenticator { rp_id: "example.com", ..a }, E::WrongRelyingParty),
    ] {
        assert_eq!(sign_in(&change(signing_in())).err(), Some(refused), "{name}");
        assert_eq!(register(&change(registering())).err(), Some(refused), "{name}");
    }
    let handle = |handle: String| Authenticator { handle, ..signing_in() };
    for (name, authenticator, refused) in [
        ("the other ceremony", genuine("webauthn.create", Purpose::SignIn), E::WrongType),
        ("another purpose", genuine("webauthn.get", Purpose::Confirm), E::WrongChallenge),
        (
            "another form",
            Authenticator::new().answering("webauthn.get", Challenge::of(Purpose::SignIn, "x")),
            E::WrongChallenge,
        ),
        ("another server's user", handle(user_handle(&owner(), ring(2).routing())), E::WrongUser),
        ("another user", handle(user_handle(&Subject::new("jane").unwrap(), ring(1).routing())), E::WrongUser),
        ("no user", handle(String::new()), E::WrongUser),
        ("a short user", handle(encode(&[0; 8])), E::WrongUser),
        ("a credential where none belongs", Authenticator { flags: 0x45, ..signing_in() }, E::Malformed),
    ] {
        assert_eq!(sign_in(&authenticator).err(), Some(refused), "{name}");
    }
}

#[test]
fn a_malformed_response_is_refused() {
    let good = Authenticator::new().answering("webauthn.get", challenge(Purpose::SignIn)).assertion();
    let keys = ring(1);
    for (name, sent) in [
        ("nothing", String::new()),
        ("a part too few", good.rsplit_once('.').unwrap().0.to_owned()),
        ("a part too many", format!("{good}.AA")),
        ("not base64url", good.replacen('.', "+.", 1)),
        ("too long", good.replacen('.', &format!("{}.", "A".repeat(9000)), 1)),
    ] {
        let checked =
            UnverifiedAssertion::check(&sent, challenge(Purpose::SignIn), &party(ORIGIN), &owner(), keys.routing());
        assert_eq!(checked.err(), Some(PasskeyError::Malformed), "{name}");
    }
    for sent in ["", ".", "e30.", "e30.AA", "AA.AA.AA"] {
        let checked = NewPasskey::check(sent, challenge(Purpose::Register), &party(ORIGIN));
        assert_eq!(checked.err(), Some(PasskeyError::Malformed), "{sent}");
    }
}

#[test]
fn a_challenge_is_used_once_and_an_answer_that_was_lost_is_given_again() {
    let mut row = registered();
    let first = used("form", 0, 1);
    assert_eq!(row.note_use(&first, NOW), Ok(()));
    let after = row.clone();
    assert_eq!(row.note_use(&first, NOW), Ok(()), "the same request");
    assert_eq!(row, after);
    assert_eq!(row.note_use(&used("form", 0, 2), NOW), Err(PasskeyError::Replayed));
    assert_eq!(row, after);
    assert_eq!(row.note_use(&used("another form", 0, 2), NOW), Ok(()));
    let forgotten = Passkeys::current(Some(row.clone()), &[VERSION], NOW.plus(20 * 60)).unwrap();
    assert_ne!(forgotten, row, "when the form has expired, too");
    for n in 0..125 {
        assert_eq!(row.note_use(&used(&n.to_string(), 0, 3), NOW), Ok(()), "{n}");
    }
    assert_eq!(row.note_use(&used("one too many", 0, 3), NOW), Err(PasskeyError::TooMany), "none is forgotten");
}

#[test]
fn a_counter_that_does_not_increase_is_refused() {
    for (before, now, good) in [(0, 0, true), (0, 1, true), (5, 6, true), (5, 5, false), (5, 4, false), (5, 0, false)] {
        let mut row = registered();
        if before > 0 {
            row.note_use(&used("before", before, 1), NOW).unwrap();
        }
        let outcome = row.note_use(&used("now", now, 2), NOW);
        assert_eq!(outcome, if good { Ok(()) } else { Err(PasskeyError::CounterWentBack) }, "{before} → {now}");
    }
}

#[test]
fn a_passkey_belongs_to_one_host_and_one_passphrase_and_is_removed_by_its_owner() {
    let mut row = registered();
    let other_host = PasskeyUse { relying_party: "other.example".to_owned(), ..used("form", 0, 1) };
    assert_eq!(row.note_use(&other_host, NOW), Err(PasskeyError::WrongRelyingParty));
    for (name, versions, count) in
        [("the same", &[VERSION][..], 1), ("a new key", &[OTHER, VERSION], 1), ("another", &[OTHER], 0)]
    {
        let current = Passkeys::current(Some(row.clone()), versions, NOW).unwrap();
        assert_eq!(current.list().len(), count, "{name}");
    }
    assert_eq!(Passkeys::current(Some(row.clone()), &[], NOW), None, "no passphrase");
    let credential = row.list()[0].credential.clone();
    row.remove(&credential);
    assert_eq!(row.note_use(&used("form", 0, 1), NOW), Err(PasskeyError::Unknown));
}

#[test]
fn a_passkey_is_added_once_and_there_are_at_most_twenty() {
    let mut row = registered();
    let again = register(&Authenticator::new().answering("webauthn.create", challenge(Purpose::Register))).unwrap();
    assert_eq!(row.add(again.clone(), "Laptop".to_owned(), [0; 16], NOW), Ok(()), "an answer that was lost");
    assert_eq!(row.list().len(), 1);
    assert_eq!(row.add(again, "Laptop".to_owned(), [1; 16], NOW), Err(PasskeyError::Replayed));
    let other_form = Challenge::of(Purpose::Register, "another form");
    let authenticator = Authenticator::new().answering("webauthn.create", other_form);
    let known = NewPasskey::check(&authenticator.registration(), other_form, &party(ORIGIN)).unwrap();
    assert_eq!(row.add(known.clone(), String::new(), [2; 16], NOW), Err(PasskeyError::Registered));
    for n in 1..=20_u8 {
        let challenge = Challenge::of(Purpose::Register, &n.to_string()).digest();
        let credential = crate::login::passkeys::authenticator_data::CredentialId::new(&[n]).unwrap();
        let new = NewPasskey { credential, challenge, ..known.clone() };
        let added = row.add(new, String::new(), [n; 16], NOW);
        assert_eq!(added, if n < 20 { Ok(()) } else { Err(PasskeyError::TooMany) }, "{n}");
    }
}

#[test]
fn an_ip_address_has_no_passkeys() {
    for (origin, id) in [
        ("https://mcp.example.com", Some("mcp.example.com")),
        ("https://mcp.example.com:8443", Some("mcp.example.com")),
        ("http://localhost:8787", Some("localhost")),
        ("http://127.0.0.1:8787", None),
        ("http://[::1]:8787", None),
    ] {
        let party = RelyingParty::of(&Origin::of(origin).unwrap());
        assert_eq!(party.as_ref().map(RelyingParty::id), id, "{origin}");
    }
}

proptest! {
    #[test]
    fn any_bytes_as_a_response_are_refused_without_a_panic(
        bytes in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..200), 0..7)
    ) {
        let text = bytes.iter().map(|part| encode(part)).collect::<Vec<_>>().join(".");
        prop_assert!(NewPasskey::check(&text, challenge(Purpose::Register), &party(ORIGIN)).is_err());
        let keys = ring(1);
        let checked =
            UnverifiedAssertion::check(&text, challenge(Purpose::SignIn), &party(ORIGIN), &owner(), keys.routing());
        prop_assert!(checked.is_err());
        for part in &bytes {
            let _ = PasskeyKey::from_cose(part);
            let _ = PasskeyKey::Es256 { x: [1; 32], y: [2; 32] }.platform_signature(part);
        }
    }
}
