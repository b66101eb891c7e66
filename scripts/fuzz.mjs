// Runs fuzz targets: `npm run fuzz -- [target] [seconds]`. Without a target all of them, ten minutes each.
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root } from './support/paths.mjs';

const targets = readdirSync(path.join(root, 'fuzz/fuzz_targets')).filter((file) => file !== 'mod.rs').map((file) => path.basename(file, '.rs'));
const numbers = process.argv.slice(2).filter((word) => /^\d+$/.test(word));
const names = process.argv.slice(2).filter((word) => !/^\d+$/.test(word));
const seconds = Number(numbers[0] ?? 600);
const unknown = names.filter((name) => !targets.includes(name));
if (unknown.length > 0 || numbers.length > 1) {
  console.error(`Usage: npm run fuzz -- [target] [seconds]\nTargets: ${targets.join(', ')}`);
  process.exit(2);
}

/** Without link-time optimisation: 27 programs are linked, and none is shipped. */
const env = { ...process.env, CARGO_PROFILE_RELEASE_LTO: 'off', CARGO_PROFILE_RELEASE_CODEGEN_UNITS: '16', CARGO_PROFILE_RELEASE_OPT_LEVEL: '2' };
const fuzz = (command, target, rest = []) =>
  // Only the address sanitizer needs a nightly toolchain, and this code has no `unsafe`.
  spawnSync('cargo', ['fuzz', command, '--sanitizer', 'none', '--features', 'libfuzzer', ...target, ...rest], { cwd: root, env, stdio: 'inherit' }).status;

if (spawnSync('cargo', ['fuzz', '--version']).status !== 0) {
  console.error('cargo-fuzz is missing. Install it with `cargo install cargo-fuzz`; it also needs a C++ compiler.');
  process.exit(1);
}
const failed = [];
for (const target of names.length > 0 ? names : targets) {
  console.log(`\n${target}, ${seconds} seconds`);
  const corpus = path.join('fuzz/corpus', target);
  mkdirSync(path.join(root, corpus), { recursive: true });
  const status = fuzz('run', [target], [corpus, path.join('fuzz/seeds', target), '--', `-max_total_time=${seconds}`, '-max_len=8192', '-timeout=10', '-print_final_stats=1']);
  if (status !== 0) failed.push(target);
}
if (failed.length > 0) {
  console.error(`\nFailed: ${failed.join(', ')}. Each input is in fuzz/artifacts. Copy it to fuzz/seeds, where it becomes a test, and fix the cause.`);
  process.exit(1);
}
console.log('\nNo target failed.');
