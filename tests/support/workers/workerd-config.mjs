// The configuration of workerd for several instances of a Worker over the same objects, in Cap'n Proto's text form.

import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { MODULES } from '../../../scripts/build/entry-point.mjs';

/** The modules around the Worker; the first is the one that workerd starts. */
const OWN = ['main.js', 'around.js', 'settings.js'];

/** What the Worker is bound to, as its `wrangler.toml` says. */
export async function bindingsIn(file) {
  const config = parse(await readFile(file, 'utf8'));
  return {
    date: config.compatibility_date,
    flags: config.compatibility_flags ?? [],
    databases: (config.d1_databases ?? []).map(({ binding }) => binding),
    buckets: (config.r2_buckets ?? []).map(({ binding }) => binding),
    kv: (config.kv_namespaces ?? []).map(({ binding }) => binding),
    objects: (config.durable_objects?.bindings ?? []).map(({ name, class_name }) => ({ binding: name, className: class_name })),
    vars: config.vars ?? {},
  };
}

/** The configuration, in Cap'n Proto's text form. Its string literals are close enough to JSON's. */
export function configuration({ state, count, bindings, vars, lateKv, outbound, neighbour, connector, unbound }) {
  const text = JSON.stringify;
  const { date, flags, kv, objects } = bindings;
  const numbers = Array.from({ length: count }, (_, number) => number);
  const modules = `[
    ${OWN.map((name) => `(name = "${name}", esModule = embed "${name}"),`).join('\n    ')}
    ${MODULES.map((name) => `(name = "${name}", ${name.endsWith('.js') ? 'esModule' : 'wasm'} = embed "${name}"),`).join('\n    ')}
  ]`;
  const bindingsOf = (number) => [
    // What is no string in `[vars]` reaches a Worker as a value of JSON.
    ...Object.entries(vars).map(([name, content]) =>
      typeof content === 'string'
        ? `(name = ${text(name)}, text = ${text(content)})`
        : `(name = ${text(name)}, json = ${text(text(content))})`,
    ),
    ...kv.filter((name) => !unbound.includes(name)).map((name) => `(name = ${text(name)}, kvNamespace = ${lateKv ? `"view-${number}"` : '"store"'})`),
    ...objects.filter(({ binding }) => !unbound.includes(binding)).map(({ binding, className }) =>
      number === 0
        ? `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`
        : `(name = ${text(binding)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "instance-0"))`,
    ),
  ];
  /** Another connector: the same build, with objects of its own, that asks the first instance about the tokens it gets. */
  const connectors = Array.from({ length: connector?.count ?? 0 }, (_, number) => number);
  const bindingsOfConnector = (number) => [
    ...Object.entries(connector.vars).map(([name, content]) => `(name = ${text(name)}, text = ${text(content)})`),
    ...objects.map(({ binding, className }) =>
      number === 0
        ? `(name = ${text(binding)}, durableObjectNamespace = ${text(className)})`
        : `(name = ${text(binding)}, durableObjectNamespace = (className = ${text(className)}, serviceName = "connector-0"))`,
    ),
    ...(unbound.includes('INTROSPECTION') ? [] : ['(name = "INTROSPECTION", service = (name = "instance-0", entrypoint = "Introspection"))']),
  ];
  const small = (name, file, more = '') =>
    `const ${name} :Workerd.Worker = (modules = [(name = "${file}", esModule = embed "${file}")], compatibilityDate = ${text(date)}${more});`;
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    ${numbers.map((number) => `(name = "instance-${number}", worker = .instance${number}),`).join('\n    ')}
    ${numbers.map((number) => `(name = "view-${number}", worker = .view${number}),`).join('\n    ')}
    (name = "store", worker = .store),
    ${neighbour ? '(name = "neighbour", worker = .neighbour),' : ''}
    ${connectors.map((number) => `(name = "connector-${number}", worker = .connector${number}),`).join('\n    ')}
    ${connector ? `(name = "storage-of-connector", disk = (path = ${text(join(state, 'storage-of-connector'))}, writable = true)),` : ''}
    (name = "internet", ${outbound ? `external = (address = "127.0.0.1:${outbound}", http = ())` : 'worker = .unreachable'}),
    (name = "storage", disk = (path = ${text(join(state, 'storage'))}, writable = true)),
  ],
  sockets = [
    ${numbers.map((number) => `(name = "instance-${number}", address = "127.0.0.1:0", http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "instance-${number}"),`).join('\n    ')}
    ${connectors.map((number) => `(name = "connector-${number}", address = "127.0.0.1:0", http = (forwardedProtoHeader = "X-Forwarded-Proto"), service = "connector-${number}"),`).join('\n    ')}
    (name = "kv-control", address = "127.0.0.1:0", http = (), service = "store"),
    ${neighbour ? '(name = "neighbour", address = "127.0.0.1:0", http = (), service = "neighbour"),' : ''}
  ],
);
${numbers
  .map(
    (number) => `const instance${number} :Workerd.Worker = (
  modules = ${modules},
  compatibilityDate = ${text(date)},
  compatibilityFlags = [${flags.map(text).join(', ')}],
  globalOutbound = "internet",
  bindings = [${bindingsOf(number).join(',\n    ')}],
${
  number === 0
    ? `  durableObjectNamespaces = [${objects
        .map(({ className }) => `(className = ${text(className)}, uniqueKey = ${text(className)}, enableSql = true)`)
        .join(', ')}],
  durableObjectStorage = (localDisk = "storage"),
`
    : ''
});
const view${number} :Workerd.Worker = (
  modules = [(name = "kv-view.js", esModule = embed "kv-view.js")],
  compatibilityDate = ${text(date)},
  bindings = [(name = "STORE", service = "store")],
);`,
  )
  .join('\n')}
${connectors
  .map(
    (number) => `const connector${number} :Workerd.Worker = (
  modules = ${modules},
  compatibilityDate = ${text(date)},
  compatibilityFlags = [${flags.map(text).join(', ')}],
  globalOutbound = "internet",
  bindings = [${bindingsOfConnector(number).join(',\n    ')}],
${
  number === 0
    ? `  durableObjectNamespaces = [${objects
        .map(({ className }) => `(className = ${text(className)}, uniqueKey = ${text(`${className} of the connector`)}, enableSql = true)`)
        .join(', ')}],
  durableObjectStorage = (localDisk = "storage-of-connector"),
`
    : ''
});`,
  )
  .join('\n')}
${neighbour ? small('neighbour', 'neighbour.js', ', bindings = [(name = "NOTES", service = (name = "instance-0", entrypoint = "Internal"))]') : ''}
${small('store', 'kv-store.js')}
${small('unreachable', 'unreachable.js')}
`;
}
