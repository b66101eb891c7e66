// What the deployed connector says of itself.
import { Stop } from '../support/log.mjs';

const LIMIT = 20_000;

/** The server card of the endpoint at `url`. */
export async function fetchCard(url) {
  const at = `${url}/server-card`;
  const answer = await get(at, 'application/mcp-server-card+json');
  if (!answer.ok) throw new Stop(`${at} answers ${answer.status}. Name the connector's URL, which ends in /mcp, and deploy the newest version first.`);
  try {
    const card = await answer.json();
    if (typeof card?.name === 'string' && typeof card.description === 'string' && typeof card.version === 'string') return card;
  } catch {
    // Not JSON: said below.
  }
  throw new Stop(`What is at ${at} is no server card.`);
}

/** The proof that the domain serves now; nothing where it serves none. */
export async function servedProof({ remotes }) {
  const at = `${new URL(remotes[0].url).origin}/.well-known/mcp-registry-auth`;
  const answer = await get(at, 'text/plain').catch(() => undefined);
  return answer?.ok ? (await answer.text()).trim() : undefined;
}

async function get(url, accept) {
  try {
    return await fetch(url, { headers: { accept }, redirect: 'manual', signal: AbortSignal.timeout(LIMIT) });
  } catch (error) {
    throw new Stop(`${url} does not answer (${error.cause?.code ?? error.name}).`);
  }
}
