//! Who a person is: by the owner's passphrase, or by an identity provider.

pub(crate) mod allowed_scopes;
pub(crate) mod passkey;
pub(crate) mod passphrase;
pub(crate) mod provider;
pub(crate) mod remembered_browsers;
pub(crate) mod renewal;
pub(crate) mod settings;
pub(crate) mod stored;
pub(crate) mod upstream;
