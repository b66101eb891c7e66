// How the generated code reaches the API: its address, its credentials, and the scopes of the connector.
import { shouting, snake, UniqueNames } from '../names.mjs';
import { comment, literal, paragraph } from '../text.mjs';

/** Returns the address of the API, from `servers` of the document, or the one that was asked for. */
export function serverOf(document, { wanted, source, Stop }) {
  const servers = (document.servers ?? []).filter((server) => typeof server?.url === 'string');
  const urls = servers.map((server) => filled(server));
  const base = /^https?:/.test(source) ? source : undefined;
  const absolute = urls.map((url) => (URL.canParse(url) ? url : base && URL.canParse(url, base) ? new URL(url, base).href : undefined)).filter((url) => url !== undefined && /^https?:/.test(url));
  const chosen = wanted ?? absolute.find((url) => url.startsWith('https:')) ?? absolute[0];
  if (chosen === undefined) {
    const found = urls.length > 0 ? `Its servers are ${urls.slice(0, 3).map((url) => paragraph(url)).join(', ')}, which have no host.` : 'It names no server.';
    throw new Stop(`The document does not say where the API is. ${found} Name its address with --server https://…`);
  }
  if (!URL.canParse(chosen)) throw new Stop(`${chosen} is not the address of an API: give a whole URL with --server.`);
  const url = new URL(chosen);
  // A key goes over TLS, and `cx.http()` sends nothing without, except on this machine.
  if (url.protocol === 'http:' && !isLoopback(url.hostname)) url.protocol = 'https:';
  return { base: `${url.origin}${url.pathname.replace(/\/+$/, '')}`, host: url.host, others: urls.filter((other) => other !== chosen) };
}

const isLoopback = (host) => /^(localhost|.*\.localhost|127\.[0-9.]+|\[::1\])$/.test(host);

/** Puts the default of each variable into the URL of a server. */
function filled({ url, variables = {} }) {
  return url.replace(/\{([^}]*)\}/g, (whole, name) => String(variables[name]?.default ?? variables[name]?.enum?.[0] ?? whole));
}

/** Groups operations by the credentials that they send. Returns the functions that open the API, and which one each operation uses. */
export function connections(operations, title) {
  const sets = new Map();
  for (const { security } of operations) {
    const key = security.schemes.map(({ key }) => key).join(' ');
    sets.set(key, security.schemes);
  }
  const names = new Map();
  const functions = [];
  const taken = new UniqueNames();
  const used = [...sets].sort(([, one], [, other]) => (one.length === 0) - (other.length === 0));
  for (const [key, schemes] of used) {
    const name = schemes.length === 0 && used.length > 1 ? 'open_api' : names.size === 0 ? 'api' : taken.take(`api_with_${snake(schemes.map(({ key }) => key).join(' '))}`, { separator: '_' });
    const isAccount = schemes.some(({ kind }) => kind === 'account');
    names.set(key, { name, ending: isAccount ? '.await?' : schemes.length > 0 ? '?' : '' });
    functions.push(connection(name, schemes));
  }
  return {
    text: [...functions, ...accountsOf(operations).map((account) => declared(account, operations, title))].join('\n\n'),
    apiOf: ({ security }) => {
      const { name, ending } = names.get(security.schemes.map(({ key }) => key).join(' '));
      return `${name}(&cx)${ending}`;
    },
  };
}

function connection(name, schemes) {
  if (schemes.length === 0) return `/// Opens the API, which needs no credentials, as far as its document says.\nfn ${name}(cx: &Context) -> Api {\n    Api::new(cx.http(), BASE)\n}`;
  const [account] = schemes.filter(({ kind }) => kind === 'account');
  const others = schemes.filter((scheme) => scheme !== account);
  if (account && others.length === 0) {
    return `/// Opens the API with the account of the person who is calling.\nasync fn ${name}(cx: &Context) -> Result<Api, ToolError> {\n    Ok(Api::new(cx.upstream(${literal(account.account)}).await?, BASE))\n}`;
  }
  const secrets = others.map(({ secret }) => `\`${secret}\``).join(' and ');
  const login = schemes.some(({ kind }) => kind === 'basic') ? ', as `user:password`' : '';
  const doc = comment(`Opens the API, with what is in the secret ${secrets}${login}.`);
  const calls = others.map(({ kind, secret, name: wire }) => {
    const value = `cx.secret(${literal(secret)})?`;
    if (kind === 'bearer') return `.bearer(${value})`;
    if (kind === 'basic') return `.basic(${value})`;
    return `.${kind.split(' ').at(-1)}(${literal(wire)}, ${value})`;
  });
  if (account) return `${doc.replace('Opens the API,', 'Opens the API with the account of the person who is calling, and')}\nasync fn ${name}(cx: &Context) -> Result<Api, ToolError> {\n    Ok(Api::new(cx.upstream(${literal(account.account)}).await?, BASE)${calls.join('')})\n}`;
  return `${doc}\nfn ${name}(cx: &Context) -> Result<Api, ToolError> {\n    Ok(Api::new(cx.http(), BASE)${calls.join('')})\n}`;
}

/** Returns the services at which people have accounts, each once. */
export function accountsOf(operations) {
  const schemes = operations.flatMap(({ security }) => security.schemes.filter(({ kind }) => kind === 'account'));
  return [...new Map(schemes.map((scheme) => [scheme.account, scheme])).values()];
}

/** Declares a service at which people have accounts, with the scopes that the operations need there. */
function declared({ key, account, oauth }, operations, title) {
  const needed = operations.filter(({ security }) => security.schemes.some((scheme) => scheme.key === key)).flatMap(({ security }) => (security.asked ?? security.scopes).map(({ name }) => name));
  const scopes = [...new Set(needed)];
  const begin = oauth.issuer === undefined ? `Upstream::oauth(${literal(account)}, ${literal(oauth.flow.authorizationUrl)}, ${literal(oauth.flow.tokenUrl)})` : `Upstream::oidc(${literal(account)}, ${literal(oauth.issuer)})`;
  const name = shouting(account);
  return `/// Where people have their accounts. \`${name}_ID\` is a variable, \`${name}_SECRET\` a secret: what this server is there.\nfn ${snake(account)}_account() -> Upstream {\n    ${begin}.title(${literal(title)}).client("${name}_ID", "${name}_SECRET")${scopes.length > 0 ? `.scopes([${scopes.map(literal).join(', ')}])` : ''}.hosts([HOST])\n}`;
}
