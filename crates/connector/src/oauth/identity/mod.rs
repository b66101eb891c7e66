//! Who a person is: by the owner's passphrase, or by an identity provider.

pub(crate) mod passphrase;
pub(crate) mod provider;
pub(crate) mod remembered;
pub(crate) mod settings;
