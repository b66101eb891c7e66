// The compiled module as a file format (WebAssembly Core Specification, "Binary Format › Modules").
import { readFileSync, writeFileSync } from 'node:fs';

const HEADER_BYTES = 8;
const CUSTOM = 0;

/**
 * Leaves out the names of functions, a quarter of what is uploaded. Nothing reads them when the Worker runs; only a
 * profiler does, so MCP_KEEP_NAMES=1 keeps them.
 */
export function dropNames(file) {
  const module = readFileSync(file);
  const kept = [module.subarray(0, HEADER_BYTES)];
  for (const { id, name, bytes } of sections(module)) {
    if (id !== CUSTOM || name !== 'name') kept.push(bytes);
  }
  writeFileSync(file, Buffer.concat(kept));
}

function* sections(module) {
  for (let at = HEADER_BYTES; at < module.length; ) {
    const [length, content] = unsignedLeb128(module, at + 1);
    const id = module[at];
    const end = content + length;
    let name;
    if (id === CUSTOM) {
      const [nameLength, start] = unsignedLeb128(module, content);
      name = module.toString('utf8', start, start + nameLength);
    }
    yield { id, name, bytes: module.subarray(at, end) };
    at = end;
  }
}

/** @returns {[number, number]} the number at `at`, and where what follows it begins */
function unsignedLeb128(bytes, at) {
  let value = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = bytes[at++];
    value += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) return [value, at];
  }
}
