//! Drives fuzz targets without a fuzzer: with random and with damaged inputs, on the stable toolchain. For tests.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

use crate::fuzz_target::Target;

/// Inputs for each target and kind of input.
const CASES: u32 = 300;

/// One way to damage an input.
#[derive(Clone, Debug)]
enum Damage {
    Replace(usize, u8),
    Insert(usize, u8),
    Delete(usize),
    Cut(usize),
    Repeat(usize, usize),
    Swap(usize, usize),
    Splice(usize, usize),
}

fn damage() -> impl Strategy<Value = Damage> {
    // What has a meaning to one of the grammars comes more often than by chance.
    let byte =
        prop_oneof![any::<u8>(), prop::sample::select(&b"\0\t\n\r \"#$%&'()*+,-./0:;=?@[\\]^_{|}~\x7f\x80\xff"[..])];
    prop_oneof![
        (any::<usize>(), byte.clone()).prop_map(|(at, byte)| Damage::Replace(at, byte)),
        (any::<usize>(), byte).prop_map(|(at, byte)| Damage::Insert(at, byte)),
        any::<usize>().prop_map(Damage::Delete),
        any::<usize>().prop_map(Damage::Cut),
        (any::<usize>(), 1_usize..40).prop_map(|(at, length)| Damage::Repeat(at, length)),
        any::<(usize, usize)>().prop_map(|(one, other)| Damage::Swap(one, other)),
        any::<(usize, usize)>().prop_map(|(at, other)| Damage::Splice(at, other)),
    ]
}

fn damaged(mut input: Vec<u8>, damages: &[Damage], seeds: &[&[u8]]) -> Vec<u8> {
    for damage in damages {
        let length = input.len();
        if length == 0 {
            input.push(b'0');
            continue;
        }
        match *damage {
            Damage::Replace(at, byte) => input[at % length] = byte,
            Damage::Insert(at, byte) => input.insert(at % length, byte),
            Damage::Delete(at) => drop(input.remove(at % length)),
            Damage::Cut(at) => input.truncate(at % length),
            Damage::Repeat(at, count) => {
                let part: Vec<u8> = input[at % length..].iter().take(count).copied().collect();
                input.extend(part);
            }
            Damage::Swap(one, other) => input.swap(one % length, other % length),
            Damage::Splice(at, other) => {
                input.truncate(at % length);
                let other = seeds[other % seeds.len()];
                input.extend_from_slice(&other[at % other.len()..]);
            }
        }
    }
    input
}

/// Drives each target with its seeds, with random inputs and with damaged seeds.
///
/// # Panics
///
/// If a decoder breaks its word.
pub fn drive(targets: &[Target]) {
    let stuck = targets.iter().filter(|target| !target.seeds.first().is_some_and(|seed| (target.run)(seed)));
    let stuck: Vec<_> = stuck.map(|target| target.name).collect();
    assert!(stuck.is_empty(), "the first seed gets nowhere: {stuck:?}");
    for target in targets {
        for seed in target.seeds {
            (target.run)(seed);
        }
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let random =
            prop_oneof![prop::collection::vec(any::<u8>(), 0..200), any::<String>().prop_map(String::into_bytes)];
        let outcome = runner.run(&random, |input| {
            (target.run)(&input);
            Ok(())
        });
        assert!(outcome.is_ok(), "{}: {}", target.name, outcome.unwrap_err());
        let seeds = prop::sample::select(target.seeds);
        let damages = prop::collection::vec(damage(), 1..6);
        let outcome = runner.run(&(seeds, damages), |(seed, damages)| {
            (target.run)(&damaged(seed.to_vec(), &damages, target.seeds));
            Ok(())
        });
        assert!(outcome.is_ok(), "{}: {}", target.name, outcome.unwrap_err());
    }
}
