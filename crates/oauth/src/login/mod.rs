//! Who a person is, and whether they may sign in: by the owner's passphrase, an identity provider, or Cloudflare Access.

pub mod access_rules;
pub mod account;
pub mod account_session;
pub mod admission;
pub mod allowed_users;
pub mod disallowed_user;
pub mod known_browser;
pub mod login_form;
pub mod owners;
pub mod passkeys;
pub mod passphrase;
pub mod person;
pub mod provider;
pub mod remembered;
pub mod required_groups;
pub mod roles;
pub mod throttle;
