// Reads what `cargo test` printed.

/** What a person wants to read of it where something failed: no list of packages, of programs or of tests that passed. */
export function failuresIn(output) {
  const isNews = (line) => !/^\s*(Compiling|Checking|Finished|Running|Doc-tests|Blocking|Updating|Download\w*|Building) |^running \d+ tests?$|^[.iF]+( \d+\/\d+)?$|^test result: ok/.test(line);
  const lines = output.replace(/\u001b\[[0-9;]*[A-Za-z]/g, '').split('\n').filter(isNews);
  return lines.filter((line, at) => line !== '' || lines[at - 1] !== '').join('\n').trim();
}

/**
 * Sums the results of all test programs and of the examples in the documentation.
 * @returns {{passed: number, skipped: number, failed: {name: string, where: string}[]}}
 */
export function cargoTally(output) {
  const text = output.replace(/\u001b\[[0-9;]*m/g, '');
  const sum = (pattern) => [...text.matchAll(pattern)].reduce((total, match) => total + Number(match[1]), 0);
  const names = [...text.matchAll(/^---- (.+) stdout ----$/gm)].map((match) => match[1]);
  const count = sum(/^test result: .*?(\d+) failed;/gm);
  const failed = names.slice(0, count).map((name) => ({ name, where: '' }));
  while (failed.length < count) failed.push({ name: 'a test whose name was lost', where: '' });
  return { passed: sum(/^test result: .*?(\d+) passed;/gm), skipped: sum(/^test result: .*?(\d+) ignored;/gm), failed };
}
