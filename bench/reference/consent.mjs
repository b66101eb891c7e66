// The consent page of the peers with `workers-oauth-provider`: it approves at once, for one fixed user. No page is shown and nobody
// logs in.
export const consent = {
  async fetch(request, bindings) {
    if (new URL(request.url).pathname !== '/authorize') return new Response(null, { status: 404 });
    const oauth = bindings.OAUTH_PROVIDER;
    const authorization = await oauth.parseAuthRequest(request);
    const { redirectTo } = await oauth.completeAuthorization({
      request: authorization,
      userId: 'owner',
      metadata: {},
      scope: authorization.scope,
      props: { userId: 'owner' },
    });
    return new Response(null, { status: 302, headers: { Location: redirectTo } });
  },
};
