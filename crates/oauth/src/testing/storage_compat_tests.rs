//! Rows and tokens of the first release, which every later one has to read, byte for byte. As long as these tests pass, people
//! stay signed in when a fork is upgraded.
//!
//! If a test fails, do not change its texts. Give the row a new version ([`mcp_connector_base::row`]), or the token or identifier
//! another prefix, and still read the old form.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::authorize::pkce::CodeVerifier;
use crate::clients::client_id::registered_client;
use crate::clients::client_keys::ClientProof;
use crate::crypto::at_rest::EncryptedSecret;
use crate::crypto::credential_version::CredentialVersion;
use crate::crypto::keys::master::MasterKey;
use crate::crypto::keys::ring::KeyRing;
use crate::crypto::opaque::{ObjectName, Secret};
use crate::external_issuer::identity_claims::ClaimsVersion;
use crate::grants::access_keys::access_key::AccessKey;
use crate::grants::access_keys::new_access_key::{KeyLifetime, KeyName, NewAccessKey};
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::assertions::ends::AssertionEnds;
use crate::grants::assertions::used::UsedAssertion;
use crate::grants::authorization::Authorization;
use crate::grants::codes::authorization_code::AuthorizationCode;
use crate::grants::codes::pending_code::PendingCode;
use crate::grants::codes::redemption::Redemption;
use crate::grants::ended::EndReason;
use crate::grants::grant::{Displaced, Grant};
use crate::grants::grant_store::GrantStore;
use crate::grants::identity::stored_identity::{StoredIdentity, TokenRefresh, TokenRefreshAnswer};
use crate::grants::limits::Limits;
use crate::grants::refresh::refresh_token::RefreshToken;
use crate::grants::refresh::request::RefreshRequest;
use crate::grants::rows::GrantRows as _;
use crate::login::account::Account;
use crate::login::admission::{AccessApplication, Admission, AdmissionPolicy, AssertionAdmission};
use crate::login::allowed_users::AllowedUsers;
use crate::login::passkeys::assertion::PasskeyUse;
use crate::login::passkeys::authenticator_data::CredentialId;
use crate::login::passkeys::ceremony::{Challenge, Purpose};
use crate::login::passkeys::public_key::PasskeyKey;
use crate::login::passkeys::registered_passkeys::Passkeys;
use crate::login::passkeys::registration::NewPasskey;
use crate::login::passphrase::Passphrase;
use crate::login::person::{Person, ProviderIdentity, ProviderRefreshToken};
use crate::login::remembered::allowed_redirect::RedirectDigest;
use crate::login::remembered::browser_cookie::BrowserId;
use crate::login::remembered::remembered_browser::NewBrowser;
use crate::login::remembered::remembered_browsers::RememberedBrowsers;
use crate::login::throttle::Throttle;
use crate::resource::access_token::{AccessTokenError, ExpectedClaims, VerifiedToken, verify};
use crate::resource::bearer::BearerToken;
use crate::resource::protected_resource::{Resource, ResourceServer};
use crate::testing::test_keys::TestRandom;
use crate::testing::test_rows::TestRows;
use crate::upstream::connection::{ConnectionEnd, Refresh, TokenSet, UpstreamConnection};
use crate::web::discovery::ExternalIssuer;
use crate::web::network::Network;
use crate::web::origin::Issuer;
use crate::web::redirect_uri::RedirectPolicy;
use crate::web::request_source::RequestSource;
use mcp_connector_base::identifier::{ClientId, GrantId, Subject};
use mcp_connector_base::profile::{EmailSource, Profile};
use mcp_connector_base::row::Row;
use mcp_connector_base::scope::ScopeSet;
use mcp_connector_base::test_storage_compat::assert_storage_compat;
use mcp_connector_base::timestamp::Timestamp;

const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);
const PASSPHRASE: &str = "correct horse battery staple";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// A connection to an upstream service with a refresh token, and one that has ended.
const UPSTREAM_CONNECTED: &str = "\
    AYCkp9oGACoBAgMEBQYHCAkKCwwNDg8QERITFBUWFxjv0SzneNUpP3d1RKkHlGJorSUBkMCn2gbUv6faBgEqAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZVx\
    qrG5sl2mnvJNzn6blLHvO-AQlyZXBvIHVzZXIBB29jdG9jYXSApKfaBoCkp9oG";
const UPSTREAM_ENDED: &str = "AYCkp9oGAQIBB29jdG9jYXSApKfaBoCkp9oG";

/// The row of the `Keyring`.
const MASTER_KEY: &str = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const WAITING_CODE: &str = "\
    ARAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUBEDJlNDgwZTk2OWYzOGRhNT\
    m8pKfaBgA";
const REDEEMED_CODE: &str = "\
    ARAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUBEDJlNDgwZTk2OWYzOGRhNT\
    m8pKfaBgEQNjU2NjY3Njg2OTZhNmI2Yw";
const LIVE_GRANT: &str = "\
    ARA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQEQMmU0ODBlOTY5ZjM4ZGE1OStiVzV2\
    Y0hGeWMzUjFkbmQ0ZVhwN2ZIMS1mNENCZ29PRWhZYUhpSW1LaTR3AoKkp9oGAZDAp9oGgaSn2gaQwKfaBgA";
const ENDED_GRANT: &str = "\
    ARA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQEQMmU0ODBlOTY5ZjM4ZGE1OStiVzV2\
    Y0hGeWMzUjFkbmQ0ZVhwN2ZIMS1mNENCZ29PRWhZYUhpSW1LaTR3AoKkp9oGAZDAp9oGgaSn2gaQwKfaBgGg3KfaBgE";
const WAITING_CODE_2: &str = "\
    AhAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNT\
    m8pKfaBgA";
const REDEEMED_CODE_2: &str = "\
    AhAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNT\
    m8pKfaBgEQNjU2NjY3Njg2OTZhNmI2Yw";
const LIVE_GRANT_2: &str = "\
    AhA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQAQMmU0ODBlOTY5ZjM4ZGE1OStiVzV2\
    Y0hGeWMzUjFkbmQ0ZVhwN2ZIMS1mNENCZ29PRWhZYUhpSW1LaTR3AoKkp9oGAAGQwKfaBoGkp9oGkMCn2gYAAA";
const ENDED_GRANT_2: &str = "\
    AhA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQAQMmU0ODBlOTY5ZjM4ZGE1OStiVzV2\
    Y0hGeWMzUjFkbmQ0ZVhwN2ZIMS1mNENCZ29PRWhZYUhpSW1LaTR3AoKkp9oGAAGQwKfaBoGkp9oGkMCn2gYBoNyn2gYBAA";
/// What version 1 did not have: the network of a refresh, other kinds of admission, displaced grants.
const FULL_GRANTS_2: [&str; 3] = [
    "\
    AhA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQESaHR0cHM6Ly9pZC5leGFtcGxlBjI0\
    ODI4OQEEamFuZQEQamFuZUBleGFtcGxlLmNvbStCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjAoCkp9oGAQC2xj\
    EAgKSn2gaApKfaBgABH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcJDAp9oG",
    "\
    AhA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQIUaHR0cHM6Ly90ZWFtLmV4YW1wbGUD\
    YXVkK0J3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2MCgKSn2gYBAYCA4O2QgAgAgKSn2gaApKfaBgABH2h0dHBzOi\
    8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcJDAp9oG",
    "\
    AhA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQMSaHR0cHM6Ly9pZC5leGFtcGxlAgRq\
    YW5lDEBleGFtcGxlLmNvbStCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjSEJ3Y0hCd2NIQndjAoCkp9oGAACApKfaBoCkp9oGAAEfaH\
    R0cHM6Ly9hcHAuZXhhbXBsZS9jbGllbnQuanNvbgEDQXBwkMCn2gY",
];
const WAITING_CODE_3: &str = "\
    AxAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNT\
    kAvKSn2gYA";
const REDEEMED_CODE_3: &str = "\
    AxAwMTAyMDMwNDA1MDYwNzA4K3F6bGpCTkFLUHVmb1diU1dMekxiRDBZX2l0YTRzaXVYZWhSQzUzRmNOaEErRTlNZWxob2EyT3d2RnJFTVRKZ3\
    VDSGFvZUsxdDhVUldidUdKU3N0dy1jTQVvd25lcgEEWm_Dqx9odHRwczovL2FwcC5leGFtcGxlL2NsaWVudC5qc29uAQNBcHAeaHR0cDovLzEy\
    Ny4wLjAuMTo1MDAwL2NhbGxiYWNrGGh0dHBzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNT\
    kAvKSn2gYBEDY1NjY2NzY4Njk2YTZiNmM";
const LIVE_GRANT_3: &str = "\
    AxA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQAQMmU0ODBlOTY5ZjM4ZGE1OQArYlc1\
    dmNIRnljM1IxZG5kNGVYcDdmSDEtZjRDQmdvT0VoWWFIaUltS2k0dwKCpKfaBgABkMCn2gaBpKfaBpDAp9oGAAA";
const ENDED_GRANT_3: &str = "\
    AxA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQAQMmU0ODBlOTY5ZjM4ZGE1OQArYlc1\
    dmNIRnljM1IxZG5kNGVYcDdmSDEtZjRDQmdvT0VoWWFIaUltS2k0dwKCpKfaBgABkMCn2gaBpKfaBpDAp9oGAaDcp9oGAQA";
/// What version 2 did not have: a client that has to sign, and an assertion of a trusted issuer.
const ASSERTED_GRANT_3: &str = "\
    AxA2NTY2Njc2ODY5NmE2YjZjBW93bmVyAQRab8OrH2h0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24BA0FwcB5odHRwOi8vMTI3LjAuMC\
    4xOjUwMDAvY2FsbGJhY2sYaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwEm5vdGVzOnJlYWQgcHJvZmlsZQUUaHR0cHM6Ly9hY21lLmV4YW1wbGUB\
    AmV1BmNsYXVkZQErYlc1dmNIRnljM1IxZG5kNGVYcDdmSDEtZjRDQmdvT0VoWWFIaUltS2k0dwKCpKfaBgABkMCn2gaBpKfaBpDAp9oGAAA";
const USED_ASSERTION_1: &str = "ARA2NTY2Njc2ODY5NmE2YjZj";
const ASSERTION_ENDS_1: &str = "\
    AQGBpKfaBgEreUZmUW5iSS1hQ0xqWUF2QWF0alZqNUx0WXJ5T19ZSEhVX2R3U0dZc3VYMICkp9oG";
const THROTTLE_1: &str = "AQEQMmU0ODBlOTY5ZjM4ZGE1OQIJNDoxOTIuMC4yAYCkp9oGDDQ6MTk4LjUxLjEwMAGApKfaBgKApKfaBg";
const THROTTLE_2: &str = "AgEQMmU0ODBlOTY5ZjM4ZGE1OQIJNDoxOTIuMC4yAYCkp9oGDDQ6MTk4LjUxLjEwMAGApKfaBgKApKfaBgA";
/// An access key, and its row before and after a use.
const ACCESS_KEY: &str =
    "mck_AY40HQjqrBgGHHpb1Rn8719OV2jF8HJmm05McJmDgrvc0m7AQFuv3B21SriWjc9EQSH914ZcSQVYbF7OUaxch9Eq0GY9Zj";
const UNUSED_KEY: &str = "\
    ARA2ZDZlNmY3MDcxNzI3Mzc0K1NZS2FYRU5IUUxZS3BUd0w3Rzl6MXFGdjJPbFJKLXp6WkEyOW5lRUJLSzQDbjhuBW93bmVyAQRab8OrGGh0dH\
    BzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNTmApKfaBoDygd4GAA";
const USED_KEY: &str = "\
    ARA2ZDZlNmY3MDcxNzI3Mzc0K1NZS2FYRU5IUUxZS3BUd0w3Rzl6MXFGdjJPbFJKLXp6WkEyOW5lRUJLSzQDbjhuBW93bmVyAQRab8OrGGh0dH\
    BzOi8vaG9zdC5leGFtcGxlL21jcBJub3RlczpyZWFkIHByb2ZpbGUAEDJlNDgwZTk2OWYzOGRhNTmApKfaBoDygd4GAYDDpdoG";
const PASSKEYS_1: &str = "\
    ARAyZTQ4MGU5NjlmMzhkYTU5AwQBAQEBAAEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAgICAgICAgICAgICAgICAgICAgICAgICAgICAgICAg\
    IMaG9zdC5leGFtcGxlBkxhcHRvcAYAgKSn2gYBgaSn2gYEAgICAgEDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwMDAwxob3N0LmV4YW1wbGUGTGFw\
    dG9wBQGApKfaBgAEAwMDAwICgAQDAQABDGhvc3QuZXhhbXBsZQZMYXB0b3AFAICkp9oGAAQTGRvAEF_JbTxgtY9oHcXpAQEBAQEBAQEBAQEBAQEBAYCkp9\
    oG-hnpVQ_X-zXDZEyuRhnrCwICAgICAgICAgICAgICAgKApKfaBv3unc86XpJPkYC3sxFaMRQDAwMDAwMDAwMDAwMDAwMDgKSn2gYF_xYn4uN17GeHe_rW\
    M1SOCQkJCQkJCQkJCQkJCQkJCYGkp9oG";
const REMEMBERED_BROWSERS_1: &str = "\
    ARAyZTQ4MGU5NjlmMzhkYTU5AQECAwQFBgcICQoLDA0ODxAQRmlyZWZveCBvbiBMaW51eACApKfaBoCkp9oGgL7F2wYBIM95uFXttu4VHSePPqJ6zYCkp9\
    oG";
/// What an identity provider has said of a person.
const IDENTITY_1: &str = "\
    AQEEWm_DqwEPem9lQGV4YW1wbGUuY29tAQEDem9lARlodHRwczovL3AuZXhhbXBsZS96b2UucG5nAQVzdGFmZgEFYWRtaW4BBHRlYW0HInRvb2xzIoC\
    kp9oGATgBAgMEBQYHCAkKCwwNDg8QERITFBUWFxj-12r8Eq4_WRXKxjLxe7f41Ucn9NQNVHKPmXZP8vZqiw";
const IDENTITY_2: &str = "\
    AgEEWm_DqwEPem9lQGV4YW1wbGUuY29tAQEDem9lARlodHRwczovL3AuZXhhbXBsZS96b2UucG5nAQVzdGFmZgEFYWRtaW4BBHRlYW0HInRvb2xzIoC\
    kp9oGATgBAgMEBQYHCAkKCwwNDg8QERITFBUWFxj-12r8Eq4_WRXKxjLxe7f41Ucn9NQNVHKPmXZP8vZqiwBPMgrEnbyGG862X5IcUkrUBFRBhdIbaDtYnP9qkSwgzg";
/// Where an exchange of the provider's refresh token has no answer.
const IDENTITY_2_EXCHANGING: &str = "AgAAAAAAAACApKfaBgABgKSn2gYBTzIKxJ28hhvOtl-SHFJK1ARUQYXSG2g7WJz_apEsIM4";
/// What a registered client has.
const CLIENT_ID: &str = "c1_AgAAAABrSdIAAQIDBAUGBwgAA0FwcAEADmFwcC5leGFtcGxlL2NiAwADL2Nit4Dw3C4-JMCA9dtyD-rLZA";
const CLIENT_SECRET: &str = "cs1_HiHDSBqfTofCz7FT7gAURN1nl8-HKsLT4e59bNKs9fg";
/// What a client has after a sign-in.
const CODE: &str =
    "mc1euAvXtZUlNi9nBDGB8cnmwECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJyg3SqvMOSqTc76PYjJi0e-s";
const REFRESH_TOKEN: &str =
    "mr1euAvXtZUlNi9nBDGB8cnm2VmZ2hpamtsAAAAAh-JJUgKL7LYey5pIBL11j9lOfozukcIxvCzcsryq0GcAL1pBm5DTnSe3AF7RdEMdw";
const ED25519_ACCESS_TOKEN: &str = "\
    eyJhbGciOiJFZERTQSIsInR5cCI6ImF0K2p3dCIsImtpZCI6InpQREdaMy1JbTd2bEtMbzVlZlFQZ2ZteTJnVXFuOElqVHNobDFlUVZKc2MifQ\
    .eyJpc3MiOiJodHRwczovL2hvc3QuZXhhbXBsZSIsInN1YiI6Im93bmVyIiwiYXVkIjoiaHR0cHM6Ly9ob3N0LmV4YW1wbGUvbWNwIiwiY2xpZ\
    W50X2lkIjoiaHR0cHM6Ly9hcHAuZXhhbXBsZS9jbGllbnQuanNvbiIsInNjb3BlIjoibm90ZXM6cmVhZCBwcm9maWxlIiwiaWF0IjoxODAwMDA\
    wMDAwLCJleHAiOjE4MDAwMDM2MDAsImp0aSI6IkFRSURCQVVHQndnSkNnc01EUTRQRUEiLCJnaWQiOiI2NTY2Njc2ODY5NmE2YjZjIiwibmFtZ\
    SI6Ilpvw6siLCJlcG9jaCI6IjJlNDgwZTk2OWYzOGRhNTkifQ.e1o2m2cyHuGlII9MKdeX0lA0VD5DDRxkqQbVVG843ar0fDLfehqILI7geYyH\
    knlT18LwGv3PSDx7Aj8eAGfYBg";
const ACCESS_TOKEN: &str = "\
    eyJhbGciOiJIUzI1NiIsImtpZCI6IjhBa1NKVVYzS2p1V1YxN2Fib0tGa1hmNVhvQ19pWXYzLXh1NUNQRG9MbjAiLCJ0eXAiOiJhdCtqd3QifQ.\
    eyJleHAiOjE4MDAwMDM2MDAsImlhdCI6MTgwMDAwMDAwMCwiaXNzIjoiaHR0cHM6Ly9ob3N0LmV4YW1wbGUiLCJzdWIiOiJvd25lciIsImF1ZCI\
    6Imh0dHBzOi8vaG9zdC5leGFtcGxlL21jcCIsImNsaWVudF9pZCI6Imh0dHBzOi8vYXBwLmV4YW1wbGUvY2xpZW50Lmpzb24iLCJzY29wZSI6Im\
    5vdGVzOnJlYWQgcHJvZmlsZSIsImp0aSI6IkFRSURCQVVHQndnSkNnc01EUTRQRUEiLCJnaWQiOiI2NTY2Njc2ODY5NmE2YjZjIiwibmFtZSI6I\
    lpvw6siLCJlcG9jaCI6IjJlNDgwZTk2OWYzOGRhNTkifQ.B3nhag5gWtM5vL4vffLUpit6-wU_rj0OqjCXkaNBpjw";

fn random(first: u8) -> TestRandom {
    TestRandom::ascending(first)
}

fn keys() -> KeyRing {
    KeyRing::new(&MasterKey::from_stored(MASTER_KEY.as_bytes()).unwrap(), &[])
}

fn credential_versions() -> Vec<CredentialVersion> {
    Passphrase::new(PASSPHRASE).unwrap().credential_versions(keys().passphrase())
}

fn policy() -> AdmissionPolicy {
    AdmissionPolicy::Passphrase { versions: credential_versions() }
}

fn row<T: Row>(text: &str) -> T {
    T::from_row(&URL_SAFE_NO_PAD.decode(text).unwrap()).unwrap()
}

fn authorization() -> Authorization {
    Authorization {
        subject: Subject::new("owner").unwrap(),
        display_name: Some("Zoë".into()),
        client_id: ClientId::new("https://app.example/client.json").unwrap(),
        client_name: Some("App".into()),
        redirect_uri: "http://127.0.0.1:5000/callback".into(),
        resource: Resource::parse("https://host.example/mcp").unwrap(),
        scope: ScopeSet::parse("notes:read profile").unwrap(),
        admission: Admission::Version(credential_versions()[0]),
        client_proof: ClientProof::SecretOrNone,
    }
}

fn issuer() -> Issuer {
    Issuer::parse("https://host.example").unwrap()
}

struct Made {
    waiting: PendingCode,
    redeemed: PendingCode,
    live: Grant,
    ended: Grant,
    code: AuthorizationCode,
    refresh_token: RefreshToken,
}

fn made() -> Made {
    let object = ObjectName::of(&authorization().subject);
    let code = AuthorizationCode::mint(object, &random(1));
    let challenge = CodeVerifier::parse(VERIFIER).unwrap().challenge();
    let waiting = PendingCode::new(&code, challenge, authorization(), NOW);
    let mut store = GrantStore::new(TestRows::default(), Limits::default());
    assert!(store.store_code(&waiting, None, NOW).unwrap().is_ok());
    let grant = GrantId::from_bytes(*b"efghijkl");
    let mut redemption = Redemption::new(&code, grant, authorization().client_id, issuer(), policy());
    redemption.code_challenge = Some(challenge);
    let first = store.redeem(&redemption, NOW.plus(1), &random(109)).unwrap().unwrap();
    let first = RefreshToken::new(object, first.grant, first.generation, first.proof);
    let request = RefreshRequest::new(&first, authorization().client_id, issuer(), policy());
    store.refresh(&request, NOW.plus(2)).unwrap();
    // The answer was lost.
    let second = store.refresh(&request, NOW.plus(3600)).unwrap().answer.unwrap();
    let live = store.rows().grant(first.grant()).unwrap().unwrap();
    Made {
        waiting,
        redeemed: store.rows().code(code.id()).unwrap().unwrap(),
        ended: live.end(EndReason::Person, NOW.plus(7200)),
        refresh_token: RefreshToken::new(object, live.id(), second.generation, second.proof),
        live,
        code,
    }
}

#[test]
fn rows_of_every_version_are_read_and_current_rows_are_written_as_recorded() {
    let made = made();
    assert_storage_compat(&made.waiting, &[WAITING_CODE, WAITING_CODE_2, WAITING_CODE_3]);
    assert_storage_compat(&made.redeemed, &[REDEEMED_CODE, REDEEMED_CODE_2, REDEEMED_CODE_3]);
    assert_storage_compat(&made.live, &[LIVE_GRANT, LIVE_GRANT_2, LIVE_GRANT_3]);
    assert_storage_compat(&made.ended, &[ENDED_GRANT, ENDED_GRANT_2, ENDED_GRANT_3]);
    let mut throttle = Throttle::default();
    for address in ["192.0.2.1", "198.51.100.1"] {
        throttle.attempt(&RequestSource::of_site(Some(address)), false, credential_versions()[0], NOW);
    }
    assert_storage_compat(&throttle, &[THROTTLE_1, THROTTLE_2]);
}

#[test]
fn the_row_of_remembered_browsers_is_read_as_it_was_written() {
    let mut remembered = RememberedBrowsers::new(credential_versions()[0]);
    let browser =
        NewBrowser { id: BrowserId::new(&random(1)), name: "Firefox on Linux".into(), until: NOW.plus(30 * 24 * 3600) };
    remembered.remember(browser, NOW);
    remembered.allow(RedirectDigest::of_accepted("http://127.0.0.1:5000/callback").unwrap(), NOW);
    assert_storage_compat(&remembered, &[REMEMBERED_BROWSERS_1]);
}

#[test]
fn the_row_of_passkeys_is_read_as_it_was_written() {
    let mut passkeys = Passkeys::new(credential_versions()[0]);
    let credential = |byte| CredentialId::new(&[byte; 4]).unwrap();
    let keys = [
        PasskeyKey::Es256 { x: [1; 32], y: [2; 32] },
        PasskeyKey::Ed25519([3; 32]),
        PasskeyKey::Rs256 { n: vec![0x80, 4], e: vec![1, 0, 1] },
    ];
    for (byte, key) in (1..).zip(keys) {
        let challenge = Challenge::of(Purpose::Register, &byte.to_string()).digest();
        let (credential, relying_party) = (credential(byte), "host.example".to_owned());
        let new = NewPasskey { credential, key, relying_party, counter: 5, is_backed_up: byte == 2, challenge };
        passkeys.add(new, "Laptop".into(), [byte; 16], NOW).unwrap();
    }
    let used = PasskeyUse {
        credential: credential(1),
        relying_party: "host.example".into(),
        counter: 6,
        is_backed_up: false,
        challenge: Challenge::of(Purpose::SignIn, "form").digest(),
        attempt: [9; 16],
    };
    passkeys.note_use(&used, NOW.plus(1)).unwrap();
    assert_storage_compat(&passkeys, &[PASSKEYS_1]);
}

#[test]
fn what_an_identity_provider_has_said_is_read_by_every_version() {
    let (team, binding) = (serde_json::json!("tools"), b"https://id.example\0us\0owner");
    let profile = Profile::default()
        .with_name(Some("Zo\u{eb}"))
        .with_email(Some("zoe@example.com"), EmailSource::Owner)
        .with_login(Some("zoe"))
        .with_picture(Some("https://p.example/zoe.png"))
        .with_groups(["staff"])
        .with_roles(["admin"])
        .with_claims([("team", &team)]);
    let refresh_token = Some(ProviderRefreshToken::new("provider's token"));
    let identity = ProviderIdentity { profile, refresh_token, tokens: None };
    let stored = StoredIdentity::new(&identity, ClaimsVersion::default(), binding, keys().storage(), &random(1), NOW);
    assert_storage_compat(&stored, &[IDENTITY_1, IDENTITY_2]);
    let token_refresh = Some(TokenRefresh { began_at: NOW, answer: TokenRefreshAnswer::Missing });
    let exchanging = StoredIdentity { profile: Profile::default(), refresh_token: None, token_refresh, ..stored };
    assert_eq!(URL_SAFE_NO_PAD.encode(exchanging.to_row().unwrap()), IDENTITY_2_EXCHANGING);
    let token = row::<StoredIdentity>(IDENTITY_1).refresh_token.unwrap();
    assert_eq!(token.decrypt(binding, keys().storage()).as_deref(), Some("provider's token"));
}

#[test]
fn rows_of_version_2_have_the_members_that_version_1_lacked() {
    let provider = ExternalIssuer::parse("https://id.example").unwrap();
    let account = Account::new(&provider, "248289", Some("jane"), Some("jane@example.com")).unwrap();
    let application = AccessApplication { team: "https://team.example".into(), audience: "aud".into() };
    let entries = AllowedUsers::parse("jane @example.com").unwrap();
    let admissions = [
        Admission::Account(account),
        Admission::Access(application),
        Admission::OnList { issuer: provider.as_str().into(), entries },
    ];
    let networks = [Some("198.51.100.7"), Some("2001:db8::7"), None];
    for ((admission, address), recorded) in admissions.into_iter().zip(networks).zip(FULL_GRANTS_2) {
        let live = made().live;
        let displaced = Displaced::from(&live);
        let (policy, agreed) = (policy(), authorization());
        let grant = Grant::new(live.id(), agreed, Secret::from_bytes([7; 32]), NOW).displacing(vec![displaced]);
        let token = RefreshToken::new(made().refresh_token.object(), live.id(), grant.generation(), grant.proof());
        let mut request = RefreshRequest::new(&token, authorization().client_id, issuer(), policy);
        request.from = Network::of(address, &[]);
        let mut grant = grant.refresh(&request, &Limits::default(), NOW).change.unwrap();
        grant.authorization.admission = admission;
        assert_eq!(row::<Grant>(recorded), grant);
    }
}

#[test]
fn rows_of_version_3_have_what_version_2_lacked() {
    let mut grant = made().live;
    grant.authorization.client_proof = ClientProof::PrivateKeyJwt;
    grant.authorization.admission = Admission::Assertion(AssertionAdmission {
        issuer: "https://acme.example".into(),
        tenant: Some("eu".into()),
        client_id: ClientId::new("claude").unwrap(),
    });
    assert_eq!(URL_SAFE_NO_PAD.encode(grant.to_row().unwrap()), ASSERTED_GRANT_3);
    assert_eq!(row::<Grant>(ASSERTED_GRANT_3), grant);
    let ends = AssertionEnds::default().with_client(&ClientId::new("claude").unwrap(), NOW).with_person(NOW.plus(1));
    assert_storage_compat(&ends, &[ASSERTION_ENDS_1]);
    assert_storage_compat(&UsedAssertion { request: GrantId::from_bytes(*b"efghijkl") }, &[USED_ASSERTION_1]);
}

#[test]
fn a_code_of_an_earlier_version_is_redeemed() {
    let keys = keys();
    let code = AuthorizationCode::parse(CODE, keys.routing()).unwrap();
    assert!(code == made().code);
    let waiting: PendingCode = row(WAITING_CODE);
    let mut request =
        Redemption::new(&code, GrantId::from_bytes([1; 8]), authorization().client_id, issuer(), policy());
    request.code_challenge = Some(CodeVerifier::parse(VERIFIER).unwrap().challenge());
    let mut rows = TestRows::default();
    rows.put_code(&waiting, waiting.forget_at()).unwrap();
    let redeemed =
        GrantStore::new(rows, Limits::default()).redeem(&request, NOW.plus(1), &random(101)).unwrap().unwrap();
    assert_eq!(redeemed.authorization, authorization());
}

#[test]
fn a_refresh_token_of_an_earlier_version_is_refreshed() {
    let keys = keys();
    let token = RefreshToken::parse(REFRESH_TOKEN, keys.routing()).unwrap();
    assert!(token == made().refresh_token);
    let live: Grant = row(LIVE_GRANT);
    let mut rows = TestRows::default();
    rows.put_grant(&live, live.forget_at(&Limits::default())).unwrap();
    let request = RefreshRequest::new(&token, authorization().client_id, issuer(), policy());
    let refreshed = GrantStore::new(rows, Limits::default()).refresh(&request, NOW.plus(7200)).unwrap();
    assert_eq!(refreshed.answer.unwrap().authorization, authorization());
}

fn verified(token: &str) -> Result<VerifiedToken, AccessTokenError> {
    let issuer = issuer();
    let resources = ResourceServer::new(issuer.origin());
    let bearer = BearerToken::from_authorization([format!("Bearer {token}").as_str()]).unwrap().unwrap();
    let expected =
        ExpectedClaims { issuer: &issuer, resource: resources.mcp(), credential_versions: &credential_versions() };
    verify(&bearer, &keys().signing(NOW), &expected, NOW.plus(60))
}

#[test]
fn an_access_token_of_an_earlier_version_is_accepted() {
    let token = verified(ACCESS_TOKEN).unwrap();
    assert_eq!(token.caller().subject.as_str(), "owner");
    assert_eq!(token.caller().grant, Some(made().live.id()));
}

/// Such tokens lived an hour. The refresh token of the same grant gives a new one.
#[test]
fn an_access_token_of_the_versions_that_signed_with_ed25519_is_refused() {
    assert_eq!(verified(ED25519_ACCESS_TOKEN), Err(AccessTokenError::NotIssuedHere));
}

fn access_key() -> (AccessKey, StoredKey) {
    let Authorization { subject, display_name, resource, scope, admission, .. } = authorization();
    let key = AccessKey::mint(ObjectName::of(&subject), GrantId::from_bytes(*b"mnopqrst"), &random(1));
    let (name, lifetime) = (KeyName::parse("n8n").unwrap(), KeyLifetime::DEFAULT);
    let wanted = NewAccessKey { id: key.id(), name, resource, scope, lifetime };
    let row = StoredKey::new(&key, wanted, &Person { subject, display_name, admission, identity: None }, NOW);
    (key, row)
}

#[test]
fn an_access_key_and_its_row_are_read_as_recorded() {
    let (key, row) = access_key();
    assert_storage_compat(&row, &[UNUSED_KEY]);
    assert_storage_compat(&row.used(NOW).unwrap(), &[USED_KEY]);
    assert_eq!(key.expose(keys().routing()), ACCESS_KEY);
    assert_eq!(AccessKey::parse(ACCESS_KEY, keys().routing()), Ok(key.clone()));
    assert!(row.has_digest(&key.digest()));
}

#[test]
fn a_client_id_of_an_earlier_version_is_known() {
    let keys = keys();
    let id = ClientId::new(CLIENT_ID).unwrap();
    let client = registered_client(&id, &RedirectPolicy::default(), keys.client_id()).unwrap().client;
    assert_eq!(client.name.unwrap().as_str(), "App");
    assert_eq!(client.redirect_uris.len(), 2);
    assert!(client.secrets.iter().any(|secret| secret.matches(CLIENT_SECRET)));
}

#[test]
fn a_connection_to_an_upstream_service_is_read_as_recorded() {
    let binding = b"upstream\0github\0https://github.com/login/oauth/access_token\0us\0owner";
    let encrypt = |text, seed| EncryptedSecret::new(text, binding, keys().storage(), &random(seed)).unwrap();
    let refresh = Refresh::Token(encrypt("rt", 2));
    let tokens = TokenSet::new(encrypt("at", 1), refresh, Some(3600), Some("repo user".to_owned()), NOW);
    let connected = UpstreamConnection::new(tokens, Some("octocat".to_owned()), None, NOW);
    assert_storage_compat(&connected, &[UPSTREAM_CONNECTED]);
    assert_storage_compat(&connected.clone().ended(ConnectionEnd::Expired), &[UPSTREAM_ENDED]);
    let stored = row::<UpstreamConnection>(UPSTREAM_CONNECTED).tokens.unwrap();
    assert_eq!(stored.access_token.decrypt(binding, keys().storage()).as_deref(), Some("at"));
}
