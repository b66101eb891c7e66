// Compares versions.

/** Whether version `have` is at least `want`; both like `1.95.0`, anything behind the numbers is ignored. */
export function atLeast(have, want) {
  const [a, b] = [have, want].map((version) => version.split(/[.-]/).map((part) => Number.parseInt(part, 10) || 0));
  for (let i = 0; i < 3; i += 1) {
    if ((a[i] ?? 0) !== (b[i] ?? 0)) return (a[i] ?? 0) > (b[i] ?? 0);
  }
  return true;
}
