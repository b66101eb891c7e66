//! What is said between endpoints and ledger is understood as it was meant.

use crate::grants::rule_tests::*;

#[test]
fn every_message_is_read_as_it_was_written() {
    let (mut ledger, request) = one();
    let code = AuthorizationCode::mint(object(), &TestRandom::from(7777));
    let mut redemption = Redemption::new(&code, request.grant, client(), issuer(), policy(&[EPOCH]));
    redemption.answers = Some(challenge());
    for call in [
        Call::StoreCode(PendingCode::new(&code, challenge(), authorization(), START)),
        Call::Redeem(redemption.clone()),
        Call::Redeem(redemption),
        Call::Refresh(request.clone()),
        Call::RevokeToken {
            grant: request.grant,
            generation: request.generation,
            proof: request.proof.clone(),
            client_id: client(),
        },
        Call::RevokeForClient { grant: request.grant, client_id: client() },
        Call::Refresh(request.clone()),
        Call::Look { grants: vec![request.grant], policy: policy(&[EPOCH]) },
        Call::EndClient { client: ClientHash::of(&client()) },
        Call::ForPerson { signed_in_at: START, wish: AccountAction::See { policy: policy(&[EPOCH]) } },
        Call::ForPerson { signed_in_at: START, wish: AccountAction::End { grant: request.grant } },
        Call::ForPerson { signed_in_at: START, wish: AccountAction::EndAll },
        Call::ForPerson { signed_in_at: START, wish: AccountAction::SignOut },
        Call::ForPerson { signed_in_at: START, wish: AccountAction::EndAll },
    ] {
        let bytes = encode(&call).unwrap();
        assert_eq!(decode::<Call>(&bytes), Ok(call.clone()));
        assert_eq!(decode::<Call>(&bytes[1..]), Err(Unreadable), "another version");
        assert_eq!(decode::<Call>(&[bytes.as_slice(), &[0]].concat()), Err(Unreadable), "something behind it");
        let reply = ledger.answer(call, START, &TestRandom::from(3)).unwrap();
        assert_eq!(decode::<Reply>(&encode(&reply).unwrap()), Ok(reply));
    }
}

proptest! {
    #[test]
    fn no_bytes_make_a_row_or_a_message_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let (row, message) = ([&[1], bytes.as_slice()].concat(), [&[3], bytes.as_slice()].concat());
        let new_row = [&[2], bytes.as_slice()].concat();
        let _ = (Grant::from_row(&row), PendingCode::from_row(&row), decode::<Call>(&message), decode::<Reply>(&message));
        let _ = (Grant::from_row(&new_row), PendingCode::from_row(&new_row));
    }
}
