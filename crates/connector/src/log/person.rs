//! Who a request was made for, in the log: `LOG_PERSON`.

use std::fmt::Write as _;

use worker::Env;

use mcp_connector_base::caller::Caller;
use mcp_connector_base::identifier::Subject;
use mcp_connector_oauth::crypto::keys::mac::MacKey;

use crate::app::state::App;
use crate::log::request_log::{LogPerson, RequestLog};

/// Length of the hash in bytes. A line shows twice as many digits.
const HASH: usize = 8;

/// Notes the person of `caller`, as far as the deployment wants that. While the keys are out of reach, a hash is left out.
pub(crate) async fn note(log: &RequestLog, caller: &Caller, app: &App, env: &Env) {
    if !log.is_written() {
        return;
    }
    match app.configuration.log_person {
        LogPerson::Off => {}
        LogPerson::Id => log.person(caller.subject.as_str().to_owned()),
        LogPerson::Hash => {
            if let Ok(secrets) = app.secrets(env).await {
                log.person(hash(&caller.subject, secrets.log_person()));
            }
        }
    }
}

/// Returns the hash of a person, in hexadecimal digits.
pub(crate) fn hash(person: &Subject, key: &MacKey) -> String {
    let tag = key.tag(&[person.as_str().as_bytes()]);
    tag.iter().take(HASH).fold(String::new(), |mut digits, byte| {
        // Writing to a string does not fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

#[cfg(test)]
mod tests {
    use mcp_connector_oauth::crypto::keys::master::MasterKey;
    use mcp_connector_oauth::crypto::keys::ring::KeyRing;

    use super::*;

    #[test]
    fn a_hash_says_that_two_requests_are_of_one_person_and_not_of_whom() {
        let ring = |key: &str| KeyRing::new(&MasterKey::parse(key).unwrap(), &[]);
        let key = ring("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").log_person();
        let other = ring("BAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=").log_person();
        let (ada, bob) = (Subject::new("ada").unwrap(), Subject::new("bob").unwrap());
        assert_eq!(hash(&ada, &key), hash(&ada, &key));
        assert_eq!(hash(&ada, &key).len(), 16);
        assert_ne!(hash(&ada, &key), hash(&bob, &key));
        assert_ne!(hash(&ada, &key), hash(&ada, &other), "another master key, another hash");
    }
}
