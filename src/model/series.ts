/**
 * The names of series that follow from a look: how long a good answer took, how much work waits.
 * Joined once per name and not per value: a fleet has few sensors and many looks.
 */
const namesMax = 10_000;
const names = { elapsed: new Map<string, string>(), waiting: new Map<string, string>() };

/** `http` -> `http.elapsed`. */
export function elapsedSeries(sensor: string): string {
  return joined(names.elapsed, sensor, "elapsed");
}

/** `jobs_total` -> `jobs_total.waiting`. */
export function waitingSeries(counter: string): string {
  return joined(names.waiting, counter, "waiting");
}

function joined(known: Map<string, string>, name: string, what: string): string {
  const found = known.get(name);
  if (found !== undefined) return found;
  if (known.size >= namesMax) known.clear();
  const made = `${name}.${what}`;
  known.set(name, made);
  return made;
}
