//! Every decoder of bytes from outside, each as one plain function that a fuzzer can call with anything. It must come back, and
//! what it accepts must be what it says it is. `cargo test` drives them with random and with damaged inputs, on the stable
//! toolchain; `fuzz/` wraps each for cargo-fuzz. `CONTRIBUTING.md` says how to run those.

use crate::{mcp, oauth};

/// A decoder under test.
#[derive(Clone, Copy)]
pub struct Target {
    /// Its name, which is also that of its wrapper in `fuzz/`.
    pub name: &'static str,
    /// Calls it. Panics where it breaks its word; gives whether it got to its end, which is where it has taken the input.
    pub run: fn(&[u8]) -> bool,
    /// Inputs to begin with, of which the first one gets to the end.
    pub seeds: &'static [&'static [u8]],
}

/// All of them.
pub fn targets() -> impl Iterator<Item = &'static Target> {
    mcp::fuzz::TARGETS.iter().chain(oauth::fuzz::TARGETS)
}

/// Calls the one called `name`, if there is one.
pub fn run(name: &str, input: &[u8]) {
    if let Some(target) = targets().find(|target| target.name == name) {
        (target.run)(input);
    }
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use proptest::prelude::*;
    use proptest::test_runner::{Config, TestRunner};

    use super::*;

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
        let byte = prop_oneof![
            any::<u8>(),
            prop::sample::select(&b"\0\t\n\r \"#$%&'()*+,-./0:;=?@[\\]^_{|}~\x7f\x80\xff"[..])
        ];
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

    #[expect(clippy::arithmetic_side_effects, reason = "places in something that is not empty")]
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

    #[test]
    fn every_decoder_takes_anything_and_keeps_its_word() {
        let stuck = targets().filter(|target| !target.seeds.first().is_some_and(|seed| (target.run)(seed)));
        let stuck: Vec<_> = stuck.map(|target| target.name).collect();
        assert!(stuck.is_empty(), "the first seed gets nowhere: {stuck:?}");
        for target in targets() {
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

    #[test]
    fn every_decoder_has_its_wrapper() {
        let fuzz = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz");
        let manifest = fs::read_to_string(fuzz.join("Cargo.toml")).unwrap();
        for Target { name, .. } in targets() {
            let wrapper = fs::read_to_string(fuzz.join(format!("fuzz_targets/{name}.rs"))).unwrap_or_default();
            assert!(wrapper.contains(&format!("run(\"{name}\", ")), "{name} has no wrapper");
            assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is no binary of the fuzz package");
        }
        let wrappers = fs::read_dir(fuzz.join("fuzz_targets")).unwrap().count();
        assert_eq!(wrappers, targets().count(), "a wrapper wraps nothing");
    }
}
