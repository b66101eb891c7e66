// What the compiler says about mistakes that newcomers make: each connector in tests/compile-errors has one mistake, and the
// error names it in our words.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { before, describe, test } from 'node:test';
import { root } from '../support/paths.mjs';

const ASYNC = ['a handler is an `async fn` that returns a `Result<_, ToolError>`', 'write `async fn`'];
const ARGUMENTS = ['`Echo` cannot be the arguments of a handler', 'derive `Deserialize` and `JsonSchema` for `Echo`'];
const JSON_RESULT = ['return `Json(value)` and derive `Serialize` and `JsonSchema` for its type'];

/** What the error of each connector contains. */
const MESSAGES = {
  not_async: ASYNC,
  no_result: ASYNC,
  three_parameters: ['is not a handler', 'a handler is an `async fn` with one or two parameters'],
  context_first: ['the second parameter of a handler is the `Context`, not `Echo`', '`async fn(args: Args, cx: Context)`'],
  no_deserialize: ARGUMENTS,
  no_json_schema: ARGUMENTS,
  no_serialize_of_json: JSON_RESULT,
  no_json_schema_of_json: JSON_RESULT,
  struct_as_tool_result: ['a tool cannot return `Echo`', ...JSON_RESULT],
  number_as_message: ['a prompt cannot return `u8`', 'or an array or `Vec` of `PromptMessage`'],
  number_as_resource: ['a resource cannot return `u8`', ...JSON_RESULT],
  scope_as_text: ['a scope is a `Scope`, not a `&str`', 'declare it as a constant'],
  sign_in_as_text: ['a scope is a `Scope`, not a `&str`', 'declare it as a constant'],
  scope_name: ['a scope name is 1 to 128 visible ASCII characters without space, quote or backslash'],
  scope_description: ['a scope needs a description'],
};

describe('a mistake in a connector is named by the compiler', () => {
  /** The errors of each connector, as rustc prints them. */
  const errors = new Map();

  before(() => {
    const args = ['check', '-p', 'compile-errors', '--examples', '--features', 'mistakes', '--keep-going'];
    const { stdout, stderr } = spawnSync('cargo', [...args, '--message-format', 'json'], {
      cwd: root,
      encoding: 'utf8',
      maxBuffer: 64 * 1024 * 1024,
    });
    for (const line of stdout.split('\n').filter((line) => line.startsWith('{'))) {
      const { reason, target, message } = JSON.parse(line);
      if (reason !== 'compiler-message' || message.level !== 'error') continue;
      errors.set(target.name, `${errors.get(target.name) ?? ''}${message.rendered}`);
    }
    assert.ok(errors.size > 0, `cargo reported no error at all:\n${stderr}`);
  });

  for (const [name, texts] of Object.entries(MESSAGES)) {
    test(name.replaceAll('_', ' '), () => {
      const error = errors.get(name);
      assert.ok(error, `${name} compiles`);
      for (const text of texts) assert.ok(error.includes(text), `expected “${text}” in:\n${error}`);
    });
  }

  test('every connector has a message here', () => {
    const folder = path.join(root, 'tests/compile-errors/examples');
    const names = readdirSync(folder).map((file) => path.basename(file, '.rs'));
    assert.deepEqual(names.sort(), Object.keys(MESSAGES).sort());
  });
});
