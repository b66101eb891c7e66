// TOML files: Cargo.toml, Cargo.lock and wrangler.toml.
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { Stop } from './log.mjs';
import { root } from './paths.mjs';

/** A file that is missing or not valid TOML. The message names the file and shows the line. */
export class InvalidToml extends Stop {}

/**
 * Reads a TOML file. The parser is an npm package, so the packages have to be installed before.
 * @param {string} file absolute, or relative to the project
 */
export async function readToml(file) {
  const place = path.resolve(root, file);
  if (!existsSync(place)) throw new InvalidToml(`${file} is missing.`);
  return parseToml(readFileSync(place, 'utf8'), file);
}

/** Parses the text of the TOML file `file`. */
export async function parseToml(text, file) {
  // Imported when it is needed: a fresh clone has no packages yet.
  const { parse } = await import('smol-toml');
  try {
    return parse(text);
  } catch (error) {
    throw new InvalidToml(`${file} is not valid TOML.\n${error.message.replace(/^Invalid TOML document: /, '').trimEnd()}`);
  }
}
