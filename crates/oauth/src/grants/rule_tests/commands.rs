//! Commands and their answers are read as they were written.

use std::fmt::Debug;

use crate::clients::client_keys::ClientProof;
use crate::grants::access_keys::commands::{StoreAccessKey, UseAccessKey};
use crate::grants::access_keys::stored_key::StoredKey;
use crate::grants::rule_tests::*;
use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::command::{ReceivedCommand, encode_command};

/// Sends a command to a store, and its answer back.
fn send<C>(store: &mut GrantStore<TestRows>, command: C)
where
    C: GrantsCommand<Answer: Debug + PartialEq> + Clone + Debug + PartialEq,
{
    let message = encode_command(&command).unwrap();
    let received = ReceivedCommand::parse(&message).unwrap();
    assert_eq!((received.name(), received.read::<C>().as_ref()), (C::NAME, Ok(&command)));
    let answer = command.carry_out(store, START, &TestRandom::from(3)).unwrap();
    assert_eq!(decode::<C::Answer>(&encode(&answer).unwrap()), Ok(answer));
}

#[test]
fn every_command_and_its_answer_are_read_as_they_were_written() {
    let (mut store, request) = one();
    let code = AuthorizationCode::mint(object(), &TestRandom::from(7777));
    let mut redemption = Redemption::new(&code, request.grant, client(), issuer(), policy(&[VERSION]));
    redemption.code_challenge = Some(challenge());
    send(&mut store, StoreCode { code: PendingCode::new(&code, challenge(), authorization(), START), identity: None });
    send(&mut store, redemption.clone());
    send(&mut store, redemption);
    send(&mut store, request.clone());
    send(&mut store, ListGrants { signed_in_at: START, policy: policy(&[VERSION]) });
    send(&mut store, CheckGrants { grants: vec![request.grant], policy: policy(&[VERSION]) });
    send(
        &mut store,
        RevokeToken {
            grant: request.grant,
            generation: request.generation,
            proof: request.proof.clone(),
            client_id: client(),
            client_proof: ClientProof::SecretOrNone,
        },
    );
    send(
        &mut store,
        RevokeForClient { grant: request.grant, client_id: client(), client_proof: ClientProof::SecretOrNone },
    );
    send(&mut store, request.clone());
    send(&mut store, EndClientGrants { client: ClientHash::of(&client()) });
    let (key, row) = crate::grants::rule_tests::access_keys::key(1);
    for _ in 0..2 {
        send(&mut store, StoreAccessKey { signed_in_at: START, key: row.clone(), policy: policy(&[VERSION]) });
        send(&mut store, UseAccessKey::new(&key, policy(&[VERSION])));
    }
    send(&mut store, ListGrants { signed_in_at: START, policy: policy(&[VERSION]) });
    for action in [
        AccountAction::End { grant: request.grant },
        AccountAction::EndAll,
        AccountAction::SignOut,
        AccountAction::EndAll,
    ] {
        send(&mut store, EndGrants { subject: subject(), signed_in_at: START, action });
    }
}

proptest! {
    #[test]
    fn reading_any_bytes_as_a_row_or_a_command_does_not_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (row, message) = ([&[1], bytes.as_slice()].concat(), [&[5], bytes.as_slice()].concat());
        let new_row = [&[2], bytes.as_slice()].concat();
        let _ = (StoredKey::from_row(&row), decode::<StoreAccessKey>(&message), decode::<UseAccessKey>(&message));
        let _ = (Grant::from_row(&row), PendingCode::from_row(&row), decode::<StoreCode>(&message));
        let _ = (decode::<Redemption>(&message), decode::<RefreshRequest>(&message), decode::<Refreshed>(&message));
        let _ = (Grant::from_row(&new_row), PendingCode::from_row(&new_row), ReceivedCommand::parse(&message).is_ok());
    }
}
