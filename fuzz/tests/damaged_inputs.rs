//! Runs every fuzz target without a fuzzer: with its seeds, with damaged seeds and with random inputs.

#[path = "../fuzz_targets/mod.rs"]
mod fuzz_targets;

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use fuzz_targets::TARGETS;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

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
    // Bytes that have a meaning in one of the grammars come more often than by chance.
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

fn damaged(mut input: Vec<u8>, damages: &[Damage], seeds: &[Vec<u8>]) -> Vec<u8> {
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
                let other = &seeds[other % seeds.len()];
                input.extend_from_slice(&other[at % other.len().max(1)..]);
            }
        }
    }
    input
}

/// The inputs in `seeds/`, by name.
fn seeds(target: &str) -> Vec<Vec<u8>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("seeds").join(target);
    let mut files: Vec<_> = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path()).collect();
    files.sort();
    files.into_iter().map(|file| fs::read(file).unwrap()).collect()
}

#[test]
fn no_input_makes_a_decoder_break_its_contract() {
    for (name, run) in TARGETS {
        let seeds = seeds(name);
        let accepted = seeds.iter().filter(|seed| run(seed)).count();
        assert!(accepted > 0, "{name} accepts none of its seeds");
        let mut runner = TestRunner::new(Config { cases: CASES, failure_persistence: None, ..Config::default() });
        let random =
            prop_oneof![prop::collection::vec(any::<u8>(), 0..200), any::<String>().prop_map(String::into_bytes)];
        let outcome = runner.run(&random, |input| {
            run(&input);
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
        let damages = (prop::sample::select(seeds.clone()), prop::collection::vec(damage(), 1..6));
        let outcome = runner.run(&damages, |(seed, damages)| {
            run(&damaged(seed, &damages, &seeds));
            Ok(())
        });
        assert!(outcome.is_ok(), "{name}: {}", outcome.unwrap_err());
    }
}

#[test]
fn every_target_is_in_the_manifest() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz_targets");
    let files = fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
    let files: BTreeSet<String> = files.map(|file| file.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let targets: BTreeSet<String> =
        TARGETS.iter().map(|(name, _)| (*name).to_owned()).chain(["mod".to_owned()]).collect();
    assert_eq!(files, targets);
    let manifest = include_str!("../Cargo.toml");
    for (name, _) in TARGETS {
        assert!(manifest.contains(&format!("name = \"{name}\"\npath = \"fuzz_targets/{name}.rs\"\n")), "{name}");
    }
}
