// What a client of each revision gets: the same lists, in the words of its own revision. 2024-11-05 is spoken at /sse, the
// others at /mcp. The schemas of all revisions are in the repository of the specification.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { after, before, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Client as Client110 } from 'sdk-1-10/client/index.js';
import { SSEClientTransport as Transport110 } from 'sdk-1-10/client/sse.js';
import { Client as Client17 } from 'sdk-1-7/client/index.js';
import { SSEClientTransport as Transport17 } from 'sdk-1-7/client/sse.js';
import { openStream } from '../support/mcp/http-sse-client.mjs';
import { startInstances } from '../support/workers/instances.mjs';
import { MODERN, REVISIONS, calling, send } from '../support/mcp/requests.mjs';
import { python } from '../support/clients/python.mjs';

const SSE = { SSE_TRANSPORT: 'on' };
const OLDEST = '2024-11-05';

/** The lists of every revision: their method, the member that holds them, and what an item is called by. */
const LISTS = [
  ['tools/list', 'tools', 'name'],
  ['resources/list', 'resources', 'uri'],
  ['resources/templates/list', 'resourceTemplates', 'uriTemplate'],
  ['prompts/list', 'prompts', 'name'],
];

/** The members that the schema of a revision has, by the kind of thing. `securitySchemes` is ChatGPT's own. */
const since = (rows) => (version) => rows.filter(([first]) => version >= first).flatMap(([, names]) => names.split(' '));
const KNOWN = {
  tools: since([
    [OLDEST, 'name description inputSchema'],
    ['2025-03-26', 'annotations securitySchemes'],
    ['2025-06-18', 'title outputSchema _meta'],
    ['2025-11-25', 'icons execution'],
  ]),
  resources: since([
    [OLDEST, 'uri name description mimeType size annotations'],
    ['2025-06-18', 'title _meta'],
    ['2025-11-25', 'icons'],
  ]),
  resourceTemplates: since([
    [OLDEST, 'uriTemplate name description mimeType annotations'],
    ['2025-06-18', 'title _meta'],
    ['2025-11-25', 'icons'],
  ]),
  prompts: since([
    [OLDEST, 'name description arguments'],
    ['2025-06-18', 'title _meta'],
    ['2025-11-25', 'icons'],
  ]),
  arguments: since([
    [OLDEST, 'name description required'],
    ['2025-06-18', 'title'],
  ]),
  annotations: since([
    [OLDEST, 'audience priority'],
    ['2025-06-18', 'lastModified'],
  ]),
  contents: since([
    [OLDEST, 'uri mimeType text blob'],
    ['2025-06-18', '_meta'],
  ]),
  result: since([
    [OLDEST, '_meta content isError'],
    ['2025-06-18', 'structuredContent'],
    [MODERN, 'resultType'],
  ]),
  serverInfo: since([
    [OLDEST, 'name version'],
    ['2025-06-18', 'title'],
    ['2025-11-25', 'description websiteUrl icons'],
  ]),
  blocks: since([
    [OLDEST, 'text image resource'],
    ['2025-03-26', 'audio'],
    ['2025-06-18', 'resource_link'],
  ]),
};

function knows(kind, version, thing, what) {
  const strange = Object.keys(thing).filter((name) => !KNOWN[kind](version).includes(name));
  assert.deepEqual(strange, [], `${what} has no members that ${version} does not know`);
}

/** Every revision, each with a function that asks and gives the result. */
function clients(instance) {
  const others = REVISIONS.map(({ version, ask }) => ({
    version,
    ask: async (method, params = {}) => (await send(instance, ask(method, params, { headers: instance.headers }))).result(method),
  }));
  let opened;
  const oldest = async () => {
    const stream = await openStream({ at: instance });
    const begun = await stream.initialize(OLDEST);
    assert.equal(begun.protocolVersion, OLDEST);
    return { stream, begun };
  };
  const ask = async (method, params = {}) => {
    opened ??= oldest();
    const { stream } = await opened;
    const id = await stream.request(method, params);
    for (;;) {
      const received = await stream.receive();
      if (received.id !== id) continue;
      assert.ok(received.result, `${method} under ${OLDEST} succeeds: ${JSON.stringify(received)}`);
      return received.result;
    }
  };
  return {
    all: [...others, { version: OLDEST, ask }],
    begun: async () => (await (opened ??= oldest())).begun,
    close: async () => opened && (await opened).stream.close(),
  };
}

async function whole(ask, method, member) {
  const items = [];
  let cursor;
  do {
    const result = await ask(method, cursor === undefined ? {} : { cursor });
    items.push(...result[member]);
    cursor = result.nextCursor;
  } while (cursor !== undefined);
  return items;
}

for (const worker of ['examples/everything', undefined]) {
  describe(worker ?? 'the starter', () => {
    let runtime;
    let of;
    before(async () => {
      runtime = await startInstances({ ...(worker && { worker }), count: 1, vars: SSE });
      of = clients(runtime.instances[0]);
    });
    after(async () => {
      await of?.close();
      await runtime?.stop();
    });

    for (const [method, member, key] of LISTS) {
      test(`${method} names the same in every revision`, async () => {
        let newest;
        for (const { version, ask } of of.all) {
          const items = await whole(ask, method, member);
          const names = items.map((item) => item[key]);
          // The starter's notes belong to a person; everything else has something to list.
          if (!newest && !(member === 'resources' && !worker)) assert.notEqual(names.length, 0, `there is something to compare: ${method}`);
          newest ??= names;
          assert.deepEqual(names, newest, `${method} under ${version} names what ${MODERN} names`);
          for (const item of items) {
            knows(member, version, item, `${item[key]} in ${method}`);
            for (const one of item.arguments ?? []) knows('arguments', version, one, `an argument of ${item[key]}`);
            if (member !== 'tools') knows('annotations', version, item.annotations ?? {}, `what ${item[key]} is annotated with`);
          }
        }
      });
    }
  });
}

describe('answers', () => {
  let runtime;
  let of;
  before(async () => {
    runtime = await startInstances({ worker: 'examples/everything', count: 1, vars: SSE });
    of = clients(runtime.instances[0]);
  });
  after(async () => {
    await of?.close();
    await runtime?.stop();
  });

  // MCP "Prompts › Audio Content", "Prompts › Resource Links", "icons"
  test('answers hold only the kinds of content that a revision knows', async () => {
    const expected = {
      test_audio_content: (version) => (version === OLDEST ? ['resource'] : ['audio']),
      test_multiple_content_types: () => ['text', 'image', 'resource'],
      resource_link: (version) => (version < '2025-06-18' ? ['text'] : ['resource_link']),
      annotated_content: () => ['text'],
    };
    for (const { version, ask } of of.all) {
      for (const [name, types] of Object.entries(expected)) {
        const result = await ask('tools/call', calling(name));
        knows('result', version, result, `the result of ${name}`);
        assert.deepEqual(result.content.map(({ type }) => type), types(version), `${name} under ${version}`);
        for (const block of result.content) {
          assert.ok(KNOWN.blocks(version).includes(block.type), `${block.type} under ${version}`);
          knows('annotations', version, block.annotations ?? {}, `the annotations of ${name}`);
          knows('contents', version, block.resource ?? {}, `the resource in ${name}`);
        }
      }
    }
  });

  // MCP "Resources › Annotations"
  test('the annotations of a resource, a template and a content block arrive as their author wrote them', async () => {
    const text = { audience: ['user'], priority: 0.8, lastModified: '2025-01-12T15:00:58Z' };
    for (const { version, ask } of of.all) {
      const known = (annotations) => Object.fromEntries(Object.entries(annotations).filter(([name]) => KNOWN.annotations(version).includes(name)));
      const resource = (await whole(ask, 'resources/list', 'resources')).find(({ uri }) => uri === 'test://static-text');
      assert.deepEqual(resource.annotations, known(text), version);
      const template = (await whole(ask, 'resources/templates/list', 'resourceTemplates')).find(({ name }) => name === 'template-data');
      assert.deepEqual(template.annotations, { audience: ['assistant'], priority: 0 }, version);
      const [block] = (await ask('tools/call', calling('annotated_content'))).content;
      assert.deepEqual(block.annotations, known({ ...text, priority: 0.9 }), version);
    }
  });

  test('a sound reaches a client of 2024-11-05 whole, as an embedded resource', async () => {
    const [{ ask: modern }] = of.all;
    const [sound] = (await modern('tools/call', calling('test_audio_content'))).content;
    const oldest = of.all.find(({ version }) => version === OLDEST);
    const [block] = (await oldest.ask('tools/call', calling('test_audio_content'))).content;
    assert.equal(block.resource.blob, sound.data);
    assert.equal(block.resource.mimeType, sound.mimeType);
    assert.match(block.resource.uri, /^ni:\/\/\/sha-256;[\w-]{43}$/, 'a URI that names the bytes');
  });

  test('structured results are text too, and structured only from 2025-06-18 on', async () => {
    for (const { version, ask } of of.all) {
      const { content, structuredContent } = await ask('tools/call', calling('structured_object'));
      const [{ type, text }] = content;
      assert.equal(type, 'text', version);
      assert.equal(typeof JSON.parse(text), 'object', version);
      assert.deepEqual(structuredContent, version < '2025-06-18' ? undefined : JSON.parse(text), version);
    }
  });

  test('a server introduces itself to 2024-11-05 by name and version', async () => {
    const { serverInfo } = await of.begun();
    knows('serverInfo', OLDEST, serverInfo, 'the introduction');
    assert.deepEqual(Object.keys(serverInfo).sort(), ['name', 'version']);
  });

  test('contents of resources have no `_meta` before 2025-06-18', async () => {
    for (const { version, ask } of of.all) {
      const { contents } = await ask('resources/read', { uri: 'test://static-text' });
      assert.deepEqual(contents.map(({ uri }) => uri), ['test://static-text'], version);
      knows('contents', version, contents[0], 'the contents');
    }
  });
});

describe('released clients of 2024-11-05', () => {
  let runtime;
  let url;
  let names;
  before(async () => {
    runtime = await startInstances({ worker: 'examples/everything', count: 1, origin: null, vars: SSE });
    url = new URL(`${runtime.instances[0].origin}/sse`);
    const of = clients(runtime.instances[0]);
    names = {};
    for (const [method, member, key] of LISTS) names[member] = (await whole(of.all[0].ask, method, member)).map((item) => item[key]);
  });
  after(() => runtime?.stop());

  for (const [name, Client, Transport] of [
    ['TypeScript 1.7.0', Client17, Transport17],
    ['TypeScript 1.10.2', Client110, Transport110],
  ]) {
    test(`${name} sees and calls every tool`, async () => {
      const client = new Client({ name: 'behaviour-tests', version: '1.0.0' }, { capabilities: {} });
      try {
        const errors = [];
        client.onerror = (error) => errors.push(error);
        await client.connect(new Transport(url));
        assert.equal(client.getServerVersion().name, 'everything');
        const tools = await whole((_, params) => client.listTools(params), '', 'tools');
        assert.deepEqual(tools.map((tool) => tool.name), names.tools);
        const prompts = await whole((_, params) => client.listPrompts(params), '', 'prompts');
        assert.deepEqual(prompts.map((prompt) => prompt.name), names.prompts);
        const resources = await whole((_, params) => client.listResources(params), '', 'resources');
        assert.deepEqual(resources.map(({ uri }) => uri), names.resources);
        const templates = await whole((_, params) => client.listResourceTemplates(params), '', 'resourceTemplates');
        assert.deepEqual(templates.map(({ uriTemplate }) => uriTemplate), names.resourceTemplates);
        const { content } = await client.callTool({ name: 'test_audio_content', arguments: {} });
        assert.deepEqual(content.map(({ type, resource }) => [type, resource.mimeType]), [['resource', 'audio/wav']]);
        assert.deepEqual(errors, [], 'no error on the side');
      } finally {
        await client.close();
      }
    });
  }

  const PACKAGE = 'mcp==1.6.0';
  test(`Python (${PACKAGE}) sees and calls every tool`, async (t) => {
    // It came before Pydantic 2.12, which lacks what it needs and was the first for Python 3.14.
    const found = await python({ packages: [PACKAGE, 'pydantic==2.11.10'], newest: 13 });
    if (found.why) {
      console.error(`\nNOT TESTED: HTTP with SSE with the official Python client ${PACKAGE}: ${found.why}.\n`);
      return t.skip(found.why);
    }
    const script = fileURLToPath(new URL('../support/clients/sse_client.py', import.meta.url));
    const setting = { url: url.href, call: 'test_audio_content' };
    const { stdout } = await promisify(execFile)(found.program, [script, JSON.stringify(setting)], { timeout: 30_000 });
    const seen = JSON.parse(stdout);
    assert.equal(seen.version, OLDEST);
    assert.deepEqual(seen.tools, names.tools);
    assert.deepEqual(seen.prompts, names.prompts);
    assert.deepEqual(seen.resources, names.resources);
    assert.deepEqual(seen.content, ['resource']);
    return undefined;
  });
});
