//! Commands and their answers are read as they were written.

use std::fmt::Debug;

use crate::grants::rule_tests::*;
use mcp_connector_base::codec::{decode, encode};
use mcp_connector_base::command::{ReceivedCommand, encode_command};

/// Sends a command to a store, and its answer back.
fn send<C>(ledger: &mut GrantStore<Memory>, command: C)
where
    C: GrantsCommand<Answer: Debug + PartialEq> + Clone + Debug + PartialEq,
{
    let message = encode_command(&command).unwrap();
    let received = ReceivedCommand::parse(&message).unwrap();
    assert_eq!((received.name(), received.read::<C>().as_ref()), (C::NAME, Ok(&command)));
    let answer = command.carry_out(ledger, START, &TestRandom::from(3)).unwrap();
    assert_eq!(decode::<C::Answer>(&encode(&answer).unwrap()), Ok(answer));
}

#[test]
fn every_command_and_its_answer_are_read_as_they_were_written() {
    let (mut ledger, request) = one();
    let code = AuthorizationCode::mint(object(), &TestRandom::from(7777));
    let mut redemption = Redemption::new(&code, request.grant, client(), issuer(), policy(&[EPOCH]));
    redemption.answers = Some(challenge());
    send(&mut ledger, StoreCode(PendingCode::new(&code, challenge(), authorization(), START)));
    send(&mut ledger, redemption.clone());
    send(&mut ledger, redemption);
    send(&mut ledger, request.clone());
    send(&mut ledger, ListGrants { signed_in_at: START, policy: policy(&[EPOCH]) });
    send(&mut ledger, CheckGrants { grants: vec![request.grant], policy: policy(&[EPOCH]) });
    send(
        &mut ledger,
        RevokeToken {
            grant: request.grant,
            generation: request.generation,
            proof: request.proof.clone(),
            client_id: client(),
        },
    );
    send(&mut ledger, RevokeForClient { grant: request.grant, client_id: client() });
    send(&mut ledger, request.clone());
    send(&mut ledger, EndClientGrants { client: ClientHash::of(&client()) });
    for action in [
        AccountAction::End { grant: request.grant },
        AccountAction::EndAll,
        AccountAction::SignOut,
        AccountAction::EndAll,
    ] {
        send(&mut ledger, EndGrants { signed_in_at: START, action });
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_row_or_a_command_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (row, message) = ([&[1], bytes.as_slice()].concat(), [&[5], bytes.as_slice()].concat());
        let new_row = [&[2], bytes.as_slice()].concat();
        let _ = (Grant::from_row(&row), PendingCode::from_row(&row), decode::<StoreCode>(&message));
        let _ = (decode::<Redemption>(&message), decode::<Refresh>(&message), decode::<Refreshed>(&message));
        let _ = (Grant::from_row(&new_row), PendingCode::from_row(&new_row), ReceivedCommand::parse(&message).is_ok());
    }
}
