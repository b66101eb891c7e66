// People who sign in with an OpenID provider: the settings of the connector, a provider that gives refresh tokens as a company's does,
// and the way of a person through the consent page and the provider.

import assert from 'node:assert/strict';
import { Arrival, Browser } from './scriptless-browser.mjs';
import { asking, authorizePath, pkce, redeeming, secret, send, signIn, tokensOf } from './client.mjs';
import { enterAt, startProvider } from './openid-provider.mjs';

const CLIENT = { client_id: 'the-connector', client_secret: secret('a-secret-of-the-connector', 'the client secret') };
const CALLBACK = 'https://mcp.example.com/authorize/callback';
const SCOPE = 'openid profile email groups offline_access';

/** Settings by which people sign in with the provider. */
export const BY_PROVIDER = {
  IDENTITY: 'openid',
  OPENID_ISSUER: 'https://id.example',
  OPENID_CLIENT_ID: CLIENT.client_id,
  OPENID_CLIENT_SECRET: CLIENT.client_secret,
};

/** The same, where the provider tells groups and gives refresh tokens. */
export const BY_COMPANY = { ...BY_PROVIDER, IDENTITY_SCOPE: SCOPE };

/** A provider that knows the connector as its client. */
export const startSignIn = (people, more = {}) => startProvider({ clients: [{ ...CLIENT, redirect_uris: [CALLBACK] }], people, more });

/** The provider of a company: it also tells groups, and gives refresh tokens. `more` is more of its configuration. */
export function startCompany(people, more = {}) {
  const loadExistingGrant = async ({ oidc }) => {
    const grant = new oidc.provider.Grant({ clientId: oidc.client.clientId, accountId: oidc.session.accountId });
    grant.addOIDCScope(SCOPE);
    await grant.save();
    return grant;
  };
  return startProvider({
    clients: [{ ...CLIENT, redirect_uris: [CALLBACK], grant_types: ['authorization_code', 'refresh_token'] }],
    people,
    more: {
      scopes: SCOPE.split(' '),
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'], groups: ['groups'] },
      loadExistingGrant,
      issueRefreshToken: () => true,
      ttl: { AccessToken: 3600, AuthorizationCode: 60, IdToken: 86400, Interaction: 600, Session: 600, Grant: 600, RefreshToken: 86400 },
      ...more,
    },
  });
}

/**
 * A person allows a client, from the consent page to where the provider's answer leads: to the client, or to the page that is the end of it.
 * @param {{provider: object, site: object, client: object}} at
 * @param {object} [how]  parameters of the authorization request
 * @returns {Promise<{browser: Browser, page?: object, authorization?: object}>}  the authorization is what redeems the code
 */
export async function allowAs({ provider, site, client }, account, how = {}) {
  const browser = new Browser(site);
  const { verifier, challenge } = pkce();
  const sent = asking(client, { challenge, ...how });
  const away = await signIn(browser, authorizePath(sent));
  secret(away.url.searchParams.get('state'), 'the state at the provider');
  secret(away.url.searchParams.get('nonce'), 'the nonce');
  const arrival = await browser.open(await enterAt(provider, away.url, account));
  if (!(arrival instanceof Arrival)) return { browser, page: arrival };
  const code = secret(arrival.parameters.code, 'a code');
  return { browser, authorization: { code, verifier, redirectUri: sent.redirect_uri } };
}

/** The same, to the tokens of the client. */
export async function tokensAs(at, account, how) {
  const { page, authorization } = await allowAs(at, account, how);
  assert.ok(authorization, `${account} enters: ${page?.text}`);
  return tokensOf(await send(at.site, redeeming(at.client, authorization)), 'the code is redeemed');
}
