// For tests of a connector, with node's test runner: what a project imports as `mcp-connector/testing`.
export { testConnector } from './connector-tests.mjs';
export { PASSPHRASE, startConnector } from './start-connector.mjs';
