//! What is found of a connector by programs that are no clients yet: its server card and catalog, the proofs of its domain, and
//! its icon. All of it is public, and the same for everybody.

pub(crate) mod entity_tag;
pub(crate) mod favicon;
pub(crate) mod proof;
pub(crate) mod server_card;
