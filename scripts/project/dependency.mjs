// How a small project names the engine: a git tag or a folder, once in Cargo.toml and once in package.json.
import path from 'node:path';
import { Stop } from '../support/log.mjs';

/** The one line of Cargo.toml with the engine. */
const CARGO_LINE = /^mcp-connector\s*=.*$/m;

/**
 * @typedef {{git: string, tag: string} | {path: string}} Source `path`: the folder of the engine's repository, relative to the project
 */

/** What Cargo.toml says of the engine. */
export function cargoLine(source) {
  const text = JSON.stringify;
  if ('path' in source) return `mcp-connector = { path = ${text(path.posix.join(source.path, 'crates/connector'))} }`;
  return `mcp-connector = { git = ${text(source.git)}, tag = ${text(source.tag)} }`;
}

/** What package.json says of the engine. */
export function npmSpec(source) {
  if ('path' in source) return `file:${source.path}`;
  return `git+${source.git}#${source.tag}`;
}

/** Puts the engine's source into the text of a Cargo.toml. */
export function withCargoSource(text, source) {
  if (!CARGO_LINE.test(text)) throw new Stop('Cargo.toml has no line that begins with `mcp-connector = `: change the dependency by hand.');
  return text.replace(CARGO_LINE, () => cargoLine(source));
}

/** Puts the engine's source into the text of a package.json. */
export function withNpmSource(text, source) {
  const manifest = JSON.parse(text);
  const kind = ['devDependencies', 'dependencies'].find((name) => manifest[name]?.['mcp-connector'] !== undefined);
  if (!kind) throw new Stop('package.json has no dependency `mcp-connector`: add it by hand.');
  manifest[kind]['mcp-connector'] = npmSpec(source);
  return `${JSON.stringify(manifest, null, 2)}\n`;
}

/** The address of a git repository as both cargo and npm take it: a URL, also for a folder on this machine. */
export function gitUrl(address) {
  if (/^[a-z+]+:\/\//i.test(address)) return address;
  // What ssh takes without a scheme.
  const scp = /^([\w.-]+@[\w.-]+):(?!\/)(.+)$/.exec(address);
  return scp ? `ssh://${scp[1]}/${scp[2]}` : `file://${path.resolve(address)}`;
}

/** Orders versions such as `v0.10.2`, the newest last. What comes after `-` counts less than nothing. */
export function compareTags(a, b) {
  const parts = (tag) => {
    const [, numbers, rest] = /^v?([\d.]+)(.*)$/.exec(tag);
    return { numbers: numbers.split('.').map(Number), rest };
  };
  const [left, right] = [parts(a), parts(b)];
  for (let at = 0; at < 3; at += 1) {
    const difference = (left.numbers[at] ?? 0) - (right.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  if (left.rest === '' || right.rest === '') return (left.rest === '' ? 1 : 0) - (right.rest === '' ? 1 : 0);
  return left.rest < right.rest ? -1 : 1;
}

/** Whether a tag is a version. */
export const isVersionTag = (tag) => /^v?\d+\.\d+\.\d+(-.*)?$/.test(tag);
