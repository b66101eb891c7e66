// Both eras of the protocol: the handshake, and the stateless revision.
import { isObject } from '../../wire/json.mjs';
import { LEGACY, MODERN } from '../../wire/messages.mjs';
import { COULD_NOT_REACH, blocked, fail, note, ok, quote } from '../../verdict.mjs';
import { describe, errorOf } from '../../answers.mjs';

/** Revisions with a handshake: hosted Claude documents these. */
export async function legacyEra(probe) {
  const answer = await probe.greeting();
  const result = answer.message?.result;
  if (!result && answer.status === 401) return blocked('initialize needs a sign-in; give a token with --token to look further.');
  const fix = 'Answer initialize with protocolVersion, capabilities and serverInfo.';
  if (!result) return fail(`initialize fails: ${errorOf(answer)}.`, `Claude’s apps begin with it. ${COULD_NOT_REACH}`, fix);
  const { protocolVersion, capabilities, serverInfo } = result;
  const missing = Object.entries({ capabilities, serverInfo }).filter(([, value]) => !isObject(value));
  if (missing.length > 0) return fail(`The answer to initialize has no ${missing.map(([name]) => name).join(', no ')}.`, COULD_NOT_REACH, fix);
  if (!LEGACY.includes(protocolVersion)) {
    return fail(
      `initialize answers with protocolVersion ${quote(protocolVersion ?? 'missing', 40)}.`,
      `Claude knows ${LEGACY.join(', ')}. ${COULD_NOT_REACH}`,
      fix,
    );
  }
  const old = protocolVersion === LEGACY.at(-1);
  if (old) return note(`initialize agrees on ${protocolVersion}.`, 'Claude documents 2025-03-26 and newer.', 'Update the server’s MCP library.');
  return ok(
    `initialize agrees on ${protocolVersion}; the server is ${quote(serverInfo.name ?? 'nameless', 60)} ${quote(serverInfo.version ?? '', 30)}`
      .trimEnd()
      .concat('.'),
  );
}

/** The stateless revision, or a clean refusal from which a client falls back. */
export async function modernEra(probe) {
  const answer = await probe.discover();
  const result = answer.message?.result;
  if (result) {
    const versions = result.supportedVersions;
    if (Array.isArray(versions) && versions.includes(MODERN))
      return ok(
        `server/discover lists ${versions
          .slice(0, 8)
          .map((version) => quote(version, 20))
          .join(', ')}.`,
      );
    return fail(
      `server/discover answers, but supportedVersions is ${quote(versions ?? 'missing')}.`,
      'A client that begins with it finds no version in common.',
      `List ${MODERN}, or answer method not found.`,
    );
  }
  if (answer.status === 401) return blocked('server/discover needs a sign-in; give a token with --token to look further.');
  if (answer.fault || answer.status >= 500) {
    return fail(
      `server/discover is answered with ${describe(answer)}.`,
      `Newer clients (Claude Code among them) begin with it, and fall back to initialize only from a clean refusal. ${COULD_NOT_REACH}`,
      'Answer a method you do not know with a JSON-RPC error, at once.',
    );
  }
  return note(
    `server/discover is refused: ${errorOf(answer)}.`,
    `Clients fall back to initialize. Nothing of ${MODERN} works.`,
    `Nothing to do, unless you want ${MODERN}.`,
  );
}
