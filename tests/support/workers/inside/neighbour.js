// Another Worker of the account, whose Service Binding NOTES leads to the entry point `Internal` of the Worker under test.

export default {
  /** The binding reaches the Worker under whatever name the URL has. */
  fetch: (request, env) => env.NOTES.fetch(request.url.replace(/^http:\/\/[^/]+/, 'https://notes'), request),
};
