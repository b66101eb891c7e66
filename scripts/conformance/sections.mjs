// The sections of the Model Context Protocol: `mcp-sections.json` has the headings of each page of each revision that say something
// about a server or its authorization server. `EXCLUDED` names those that ask nothing of this one, each with the reason.

import { readFileSync } from 'node:fs';

/** @type {{page: string, paths: Record<string, string>, sections: Record<string, string[]>}[]} */
export const PAGES = JSON.parse(readFileSync(new URL('mcp-sections.json', import.meta.url), 'utf8'));

const CLIENT = 'asks something of clients only';
const PROSE = 'introduces other sections';

/** @type {Record<string, string>} by `Page` or `Page › Heading` */
export const EXCLUDED = {
  Tasks: 'experimental in 2025-11-25 and not declared; the extension serves tasks',
  'Base Protocol › Protocol Layers': PROSE,
  'Base Protocol › General fields': PROSE,
  'Lifecycle › Shutdown': PROSE,
  'Transports › Messages': PROSE,
  'Transports › Backward Compatibility': PROSE,
  'Transports › Custom Headers from Tool Parameters': PROSE,
  'Message Patterns': PROSE,
  'Cancellation › Timeouts': CLIENT,
  'Cancellation › Implementation Notes': CLIENT,
  'Ping › Implementation Considerations': CLIENT,
  'Ping › Error Handling': CLIENT,
  'Tools › Stateful Tools': 'advice to authors',
  'Caching › Cache Key': CLIENT,
  'Caching › Freshness Calculation': CLIENT,
  'Caching › Cacheable Model': PROSE,
  'Caching › Interaction with Notifications': CLIENT,
  'Completion › CompleteRequest': 'described under Requesting Completions',
  'Completion › CompleteResult': 'described under Completion Results',
  'Discovery › Request': PROSE,
  'Elicitation › Simple Text Request': 'an example',
  'Elicitation › Structured Data Request': 'an example',
  'Elicitation › URL Elicitation Required Error': 'not used: a tool asks by a request instead',
  'Sampling › Model Preferences': 'passed on as the author writes it',
  'Sampling › Capability Priorities': 'passed on as the author writes it',
  'Sampling › Model Hints': 'passed on as the author writes it',
  'Sampling › Cross-API Compatibility': CLIENT,
  'Sampling › Message Roles': CLIENT,
  'Sampling › Tool Choice Modes': 'passed on as the author writes it',
  'Sampling › Parallel Tool Use': CLIENT,
  'Sampling › Error Handling': CLIENT,
  'Roots › Root List Changes': 'roots are asked for when they are needed, never watched',
  'Roots › Error Handling': CLIENT,
  'Roots › Implementation Guidelines': CLIENT,
  'Multi Round-Trip Requests › Multi Round-Trip Requests': PROSE,
  'Elicitation › Implementation Considerations': PROSE,
  'Elicitation › Statefulness': 'advice to authors: where what is learned is kept',
  'Elicitation › Form Mode Security': 'advice to authors: what to ask for',
  'Elicitation › URL Mode Elicitation for Sensitive Data': 'advice to authors: what to ask for',
  'Sampling › Messages': 'described under Creating Messages',
  'Sampling › Text Content': 'described under Creating Messages',
  'Sampling › Image Content': 'described under Creating Messages',
  'Sampling › Audio Content': 'described under Creating Messages',
  'Sampling › System Prompt': 'passed on as the author writes it',
  'Sampling › Context Inclusion': 'passed on as the author writes it',
  'Sampling › Sampling Parameters': 'passed on as the author writes it',
  'Sampling › Result Fields': CLIENT,
  'Roots › Root': 'described under Listing Roots',
  'Roots › Security Considerations': CLIENT,
  'Prompts › Implementation Considerations': 'advice to authors',
  'Logging › Implementation Considerations': 'advice to authors',
  'Tasks Extension › Tasks': PROSE,
  'Tasks Extension › Request': PROSE,
  'Tasks Extension › Reservations': PROSE,
  'Tasks Extension › Error Handling': PROSE,
  'Tasks Extension › Implementation Considerations': 'advice to authors',
  'Authorization › Security Considerations': PROSE,
  'Authorization › Implementation Requirements': 'described under Client ID Metadata Documents',
  'Authorization › Discovery': 'described under Authorization Server Metadata Discovery',
  'Authorization › Decision Flow Overview': CLIENT,
  'Authorization › Server Metadata Discovery Headers': CLIENT,
  'Authorization › Fallbacks for Servers without Metadata Discovery': CLIENT,
  'Authorization › Local clients as Public OAuth 2.1 Clients': CLIENT,
  'Authorization › Best Practices': PROSE,
  'Authorization › Flow Description': PROSE,
  'Authorization › Authorization Response Validation': 'asks of clients to check `iss`; that it is sent is under RFC 9207',
  'Authorization › Mix-Up Attacks': 'asks of clients to check `iss`; that it is sent is under RFC 9207',
  'Authorization › Authorization Server Binding': CLIENT,
};

/** Which page and heading a citation means; an error where it means none or several. */
export function resolve(citation) {
  const [first, second] = citation.split(' › ');
  const page = PAGES.find((one) => one.page === first);
  if (second !== undefined) {
    if (!page?.sections[second]) throw new Error(`no page ${first} has the heading ${second}`);
    return { page: first, heading: second };
  }
  if (page) return { page: first, heading: '' };
  const pages = PAGES.filter(({ page: name, sections }) => first in sections && EXCLUDED[name] === undefined);
  if (pages.length === 0) throw new Error(`no page of MCP has the heading ${first}`);
  if (pages.length > 1) throw new Error(`several pages have the heading ${first}: ${pages.map(({ page: name }) => `${name} › ${first}`).join(', ')}`);
  return { page: pages[0].page, heading: first };
}

/** Whether a text names a page or a heading, and one alone. */
export function isKnown(citation) {
  try {
    resolve(citation);
    return true;
  } catch {
    return false;
  }
}
