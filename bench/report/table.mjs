// Tables for a terminal, and numbers as they stand in them.

/** Columns as wide as their widest cell; the first one to the left, numbers to the right. */
export function table(head, rows) {
  const widths = head.map((title, i) => Math.max(...[head, ...rows].map((row) => row[i].length)));
  return [head, ...rows].map((row) => `  ${row.map((cell, i) => (i ? cell.padStart(widths[i]) : cell.padEnd(widths[i]))).join('  ')}`.trimEnd()).join('\n');
}

export function kilobytes(bytes) {
  return `${(bytes / 1000).toFixed(1)} KB`;
}

/** A multiple: two digits after the point are as much as one run can tell, and one where it is large. */
export function times(value) {
  return value.toFixed(value < 9.95 ? 2 : 1);
}
