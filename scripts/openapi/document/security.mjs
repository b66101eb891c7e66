// What a document asks for to let a request in, as the secrets and scopes of a connector.
import { shouting, UniqueNames } from '../names.mjs';
import { resolved } from './references.mjs';
import { paragraph, sentence } from '../text.mjs';

/** More scopes than this would be a consent page that nobody reads: the tools then ask for two scopes, to read and to write. */
const MAX_SCOPES = 24;

export class Security {
  #document;
  #schemes = new Map();
  #otherwise;
  #api;
  #names = new UniqueNames();

  /**
   * `bearer` is the secret that is sent where the document names no credentials. With `accounts`, OAuth means the account of the
   * person who is calling, and not a token of the operator.
   */
  constructor(document, { api, bearer, accounts }) {
    this.#document = document;
    this.#otherwise = bearer === undefined ? [] : [{ key: 'bearer', kind: 'bearer', secret: bearer }];
    this.#api = api;
    for (const [key, scheme] of Object.entries(document.components?.securitySchemes ?? {})) {
      const { value } = resolved(document, scheme);
      const kind = kindOf(value);
      if (typeof kind === 'object') {
        this.#schemes.set(key, { key, unsupported: kind.unsupported });
        continue;
      }
      const oauth = oauthOf(value);
      if (accounts && hasSignIn(oauth)) {
        this.#schemes.set(key, { key, kind: 'account', account: this.#names.take(api, { separator: '-', max: 32 }), oauth });
        continue;
      }
      this.#schemes.set(key, { key, kind, name: value.name, oauth });
    }
  }

  /**
   * Returns what an operation needs: `{ schemes, scopes }`, with no schemes where it is open, or `{ unsupported }` with the reason
   * why nothing that the document offers can be sent.
   */
  of(operation) {
    const alternatives = operation.security ?? this.#document.security ?? [];
    if (!Array.isArray(alternatives) || alternatives.length === 0) return { schemes: this.#otherwise, scopes: [] };
    const reasons = new Set();
    // A token or a key is easier to set than a login, which many APIs take as another form of the same key.
    const isLogin = (alternative) => Object.keys(alternative).some((key) => this.#schemes.get(key)?.kind === 'basic');
    const asked = alternatives.filter((one) => Object.keys(one ?? {}).length > 0);
    for (const alternative of asked.toSorted((one, other) => isLogin(one) - isLogin(other))) {
      const schemes = Object.keys(alternative).map((key) => this.#schemes.get(key) ?? { key, unsupported: `the security scheme \`${key}\`, which the document does not describe` });
      const broken = schemes.find(({ unsupported }) => unsupported);
      if (broken) {
        reasons.add(broken.unsupported);
        continue;
      }
      this.#nameSecrets(schemes);
      const scopes = schemes.filter(({ oauth }) => oauth).flatMap(({ key, oauth }) => alternative[key].map((name) => ({ name, description: oauth.scopes[name] })));
      return { schemes, scopes };
    }
    if (alternatives.some((one) => Object.keys(one ?? {}).length === 0)) return { schemes: [], scopes: [] };
    return { unsupported: `it needs ${[...reasons].join(', or ')}` };
  }

  /** Names the secrets of schemes that are sent together: by their kind, or by their own names where there are two of a kind. */
  #nameSecrets(schemes) {
    const wordOf = ({ kind }) => ({ basic: 'LOGIN', bearer: 'TOKEN', key: 'KEY' })[kind.split(' ')[0]];
    for (const scheme of schemes.filter(({ kind, secret }) => kind !== 'account' && secret === undefined)) {
      const isOnly = schemes.every((other) => other === scheme || wordOf(other) !== wordOf(scheme));
      scheme.secret = this.#names.take(`${shouting(this.#api)}_${isOnly ? wordOf(scheme) : shouting(scheme.key) || wordOf(scheme)}`, { separator: '_' });
    }
  }
}

/** Returns how a scheme is sent, or why it cannot be. */
function kindOf({ type, scheme, in: location } = {}) {
  const http = String(scheme ?? '').toLowerCase();
  if (type === 'http' && http === 'bearer') return 'bearer';
  if (type === 'http' && http === 'basic') return 'basic';
  if (type === 'http') return { unsupported: `HTTP authentication of the scheme \`${paragraph(http).slice(0, 40)}\`` };
  if (type === 'apiKey' && ['header', 'query', 'cookie'].includes(location)) return `key in ${location}`;
  if (type === 'oauth2' || type === 'openIdConnect') return 'bearer';
  if (type === 'mutualTLS') return { unsupported: 'a client certificate (mutual TLS)' };
  return { unsupported: `a security scheme of the type \`${paragraph(String(type)).slice(0, 40)}\`` };
}

/** Whether people can sign in there: with an authorization code, or at an issuer. */
function hasSignIn(oauth) {
  const isUrl = (text) => typeof text === 'string' && URL.canParse(text);
  return oauth !== undefined && (isUrl(oauth.issuer) || (isUrl(oauth.flow?.authorizationUrl) && isUrl(oauth.flow?.tokenUrl)));
}

function oauthOf({ type, flows = {}, openIdConnectUrl }) {
  if (type === 'openIdConnect') return { scopes: {}, issuer: openIdConnectUrl?.replace(/\/\.well-known\/openid-configuration$/, '') };
  if (type !== 'oauth2') return undefined;
  const scopes = Object.assign({}, ...Object.values(flows).map((flow) => flow?.scopes ?? {}));
  return { scopes, flow: flows.authorizationCode };
}

/**
 * Decides the scopes of the connector for `operations`, and writes the names of its constants into each: those of the document
 * where an operation has some, otherwise one to read and one to write. Returns the constants.
 */
export function declareScopes(operations, api, title) {
  const distinct = new Set(operations.flatMap(({ security }) => security.scopes.map(({ name }) => name)));
  const ofDocument = distinct.size <= MAX_SCOPES && [...distinct].every((name) => /^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(name));
  const constants = new Map();
  const names = new UniqueNames(['BASE', 'HOST', 'OPERATIONS', 'TOOLS']);
  const constant = (name, description, preferred) => {
    if (!constants.has(name)) constants.set(name, { constant: names.take(preferred ?? constantName(name), { separator: '_' }), name, description });
    return constants.get(name).constant;
  };
  for (const operation of operations) {
    const reads = operation.effect === 'read';
    operation.scopes = [];
    if (ofDocument && operation.security.scopes.length > 0) {
      for (const { name, description } of operation.security.scopes) {
        const words = sentence(description, 100).replace(/\.$/, '') || `${reads ? 'Read from' : 'Use'} ${title} with ${name}`;
        operation.scopes.push(constant(name, words[0].toUpperCase() + words.slice(1)));
      }
    } else if (operation.security.schemes.length > 0 || !reads) {
      // The key is the operator's: whoever may use it has signed in.
      operation.scopes.push(reads ? constant(`${api}:read`, `Read from ${title}`, 'READ') : constant(`${api}:write`, `Change something in ${title}`, 'WRITE'));
    }
  }
  return [...constants.values()];
}

function constantName(scope) {
  const name = shouting(scope.replace(/^https?:\/\/.*\/(?=[^/]+\/?$)/, '')) || 'SCOPE';
  return /^[0-9]/.test(name) ? `SCOPE_${name}` : name;
}
