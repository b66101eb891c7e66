// What is made of many samples.

export function median(numbers) {
  return quantile(numbers, 0.5);
}

/** The value that this part of the numbers does not exceed; between two numbers, in proportion. */
export function quantile(numbers, part) {
  const sorted = [...numbers].sort((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const below = Math.floor(at);
  return sorted[below] + (at - below) * (sorted[Math.ceil(at)] - sorted[below]);
}

/**
 * How many times another column's value this is, of samples taken round by round. The ratio is taken within each round first:
 * what slows a round down slows both. The quartiles tell how sure it is.
 */
export function ratio(samples, others, value = 'cpu') {
  const ratios = samples.map((sample, round) => sample[value] / others[round][value]);
  return { median: quantile(ratios, 0.5), low: quantile(ratios, 0.25), high: quantile(ratios, 0.75) };
}
