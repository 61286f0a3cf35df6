/** How much a series grows from its first value to its last by its line of least squares. */
export function growthOf(values: readonly number[]): number {
  const count = values.length;
  const middle = (count - 1) / 2;
  const mean = values.reduce((sum, value) => sum + value, 0) / count;
  let [together, spread] = [0, 0];
  for (const [index, value] of values.entries()) {
    together += (index - middle) * (value - mean);
    spread += (index - middle) ** 2;
  }
  return (together / spread) * (count - 1);
}
