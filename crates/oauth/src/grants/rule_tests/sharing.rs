//! Programs that share one sign-in, and a program that steals it, over thirty days.

use crate::grants::rule_tests::*;

const HOUR: u64 = 3600;

/// A program with its own copy of the tokens.
struct Program {
    token: RefreshRequest,
    network: Network,
}

impl Program {
    /// Refreshes, and keeps the new tokens.
    fn refresh(&mut self, store: &mut GrantStore<TestRows>, now: Timestamp) -> Result<Renewal, RefreshError> {
        let answer = self.lose_the_answer(store, now);
        if let Ok(renewal) = &answer {
            self.token = after(&self.token, renewal);
        }
        answer
    }

    fn lose_the_answer(&self, store: &mut GrantStore<TestRows>, now: Timestamp) -> Result<Renewal, RefreshError> {
        refresh(store, &RefreshRequest { from: Some(self.network), ..self.token.clone() }, now)
    }

    fn copied_to(&self, network: Network) -> Self {
        Self { token: self.token.clone(), network }
    }
}

fn connected() -> (GrantStore<TestRows>, Program) {
    let (store, token) = one();
    (store, Program { token, network: HOME })
}

#[test]
fn two_programs_that_share_a_sign_in_and_refresh_hourly_both_stay_signed_in() {
    let (mut store, mut first) = connected();
    let mut second = first.copied_to(HOME);
    for hour in 1..=30 * 24 {
        let now = START.plus(hour * HOUR);
        let one = first.refresh(&mut store, now).unwrap();
        assert_eq!(one.retry, Retry::First, "hour {hour}");
        let other = second.refresh(&mut store, now.plus(HOUR / 2)).unwrap();
        assert_eq!((other.generation, other.proof), (one.generation, one.proof), "never a second successor");
        assert_eq!(other.retry, Retry::Late);
    }
    assert_eq!(first.token.generation.number(), 1 + 30 * 24);
}

#[test]
fn a_program_that_slept_over_two_refreshes_of_the_other_is_refused_and_the_other_goes_on() {
    let (mut store, mut awake) = connected();
    let mut asleep = awake.copied_to(HOME);
    for hour in [1, 2] {
        awake.refresh(&mut store, START.plus(hour * HOUR)).unwrap();
    }
    let before = grant(&store, awake.token.grant);
    for hour in 3..30 * 24 {
        let now = START.plus(hour * HOUR);
        assert_eq!(asleep.refresh(&mut store, now), Err(RefreshError::Outdated), "hour {hour}");
        if hour == 3 {
            assert_eq!(grant(&store, awake.token.grant), before, "a refusal writes nothing");
        }
        assert_eq!(awake.refresh(&mut store, now.plus(60)).map(|renewal| renewal.retry), Ok(Retry::First));
    }
}

#[test]
fn a_program_that_loses_one_answer_a_day_stays_signed_in() {
    let (mut store, mut program) = connected();
    for hour in 1..=30 * 24 {
        let now = START.plus(hour * HOUR);
        if hour % 24 == 0 {
            let lost = program.lose_the_answer(&mut store, now).unwrap();
            let again = program.refresh(&mut store, now.plus(HOUR / 2)).unwrap();
            assert_eq!((again.retry, again.generation, again.proof), (Retry::Late, lost.generation, lost.proof));
        } else {
            program.refresh(&mut store, now).unwrap();
        }
    }
}

#[test]
fn a_thief_in_another_network_ends_the_grant_with_a_token_that_is_older_than_the_last() {
    let (mut store, mut honest) = connected();
    let mut thief = honest.copied_to(AWAY);
    for hour in [1, 2] {
        honest.refresh(&mut store, START.plus(hour * HOUR)).unwrap();
    }
    assert_eq!(thief.refresh(&mut store, START.plus(3 * HOUR)), Err(RefreshError::Replayed));
    assert_eq!(honest.refresh(&mut store, START.plus(3 * HOUR)), Err(RefreshError::Ended));
    assert_eq!(grant(&store, honest.token.grant).ended().map(|ended| ended.reason), Some(EndReason::TokenReplayed));
}

#[test]
fn a_thief_who_refreshes_first_loses_the_grant_when_the_client_refreshes_from_another_network() {
    let (mut store, honest) = connected();
    let mut thief = honest.copied_to(AWAY);
    for hour in [1, 2] {
        thief.refresh(&mut store, START.plus(hour * HOUR)).unwrap();
    }
    let mut honest = honest;
    assert_eq!(honest.refresh(&mut store, START.plus(3 * HOUR)), Err(RefreshError::Replayed));
    assert_eq!(thief.refresh(&mut store, START.plus(3 * HOUR)), Err(RefreshError::Ended));
}

#[test]
fn a_thief_who_repeats_each_refresh_hourly_from_another_network_loses_the_grant_at_the_fourth() {
    let (mut store, mut honest) = connected();
    let mut thief = honest.copied_to(AWAY);
    for hour in 1..=4 {
        let now = START.plus(hour * HOUR);
        let one = honest.refresh(&mut store, now).unwrap();
        match thief.refresh(&mut store, now.plus(HOUR / 2)) {
            Ok(other) => {
                assert_eq!((other.retry, other.generation), (Retry::LateFromElsewhere, one.generation));
                assert!(hour <= 3, "hour {hour}");
            }
            Err(refusal) => assert_eq!((refusal, hour), (RefreshError::Replayed, 4)),
        }
    }
    assert_eq!(honest.refresh(&mut store, START.plus(5 * HOUR)), Err(RefreshError::Ended));
}

#[test]
fn a_late_retry_does_not_change_which_network_rotated_last() {
    let (mut store, mut home) = connected();
    let oldest = home.copied_to(HOME);
    home.refresh(&mut store, START.plus(HOUR)).unwrap();
    let last = home.copied_to(AWAY);
    home.refresh(&mut store, START.plus(2 * HOUR)).unwrap();
    let late = last.lose_the_answer(&mut store, START.plus(3 * HOUR)).unwrap();
    assert_eq!(late.retry, Retry::LateFromElsewhere);
    let from = |network| oldest.copied_to(network);
    assert_eq!(from(HOME).refresh(&mut store, START.plus(4 * HOUR)), Err(RefreshError::Outdated), "still home");
    assert_eq!(from(AWAY).refresh(&mut store, START.plus(5 * HOUR)), Err(RefreshError::Replayed));
}

#[test]
fn two_addresses_without_a_network_are_never_the_same_network() {
    let (mut store, first) = one();
    let nowhere = |token: &RefreshRequest| RefreshRequest { from: None, ..token.clone() };
    let second = after(&first, &refresh(&mut store, &nowhere(&first), START).unwrap());
    let late = refresh(&mut store, &nowhere(&first), START.plus(HOUR)).unwrap();
    assert_eq!(late.retry, Retry::LateFromElsewhere, "it is counted");
    refresh(&mut store, &nowhere(&second), START.plus(HOUR)).unwrap();
    assert_eq!(refresh(&mut store, &nowhere(&first), START.plus(2 * HOUR)), Err(RefreshError::Replayed));
}
