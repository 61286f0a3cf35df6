/**
 * What the looks for silent errors cost, how often they are wrong and how often they are right.
 * `node --expose-gc bench/silent.ts [seeds per shape]`.
 */
import { createRandom, type Random } from "../src/kernel/index.ts";
import { cleanResults } from "../src/statistics/clean-results.ts";
import { ResultShape } from "../src/statistics/index.ts";
import { plantedResults } from "../src/statistics/planted-results.ts";

const seeds = Number(process.argv[2] ?? 10);
const resultsPerSeed = 100_000;

function print(what: string, value: number | string, unit: string): void {
  console.log(`${what.padEnd(58)} ${String(value).padStart(9)} ${unit}`);
}

/** `refill` close looks for every hundred results: 100 is a rate at which there is time for all. */
function see(shape: ResultShape, value: unknown, at: { index: number; refill: number }): boolean {
  if (at.index % 100 === 0) shape.refill(at.refill);
  return shape.look(value) && shape.explain(value) !== undefined;
}

function benchFalseAlarms(): void {
  for (const [name, operation] of Object.entries(cleanResults)) {
    let alarms = 0;
    for (let seed = 0; seed < seeds; seed += 1) {
      const results = operation(createRandom(seed));
      const shape = new ResultShape();
      const refill = [0, 10, 100][seed % 3] ?? 0;
      for (let index = 0; index < resultsPerSeed; index += 1) {
        if (see(shape, results.next(), { index, refill })) alarms += 1;
      }
    }
    print(`false alarms, ${name}, ${seeds} x 100,000 results`, alarms, "");
  }
}

interface Trial {
  readonly known: number;
  readonly refill: number;
  readonly faults: number;
  /** Of the results after it began; the others are clean. */
  readonly share: number;
}

function isFound(name: string, seed: number, { known, refill, faults, share }: Trial): boolean {
  const planted = plantedResults[name];
  const random: Random = createRandom(seed);
  const results = planted && cleanResults[planted.among]?.(random);
  const shape = new ResultShape();
  for (let index = 0; index < known; index += 1) see(shape, results?.next(), { index, refill });
  for (let index = 0; index < faults; index += 1) {
    const isFault = share === 1 || random.next() < share;
    const result = isFault ? planted?.make(random) : results?.next();
    if (see(shape, result, { index: index + known, refill })) return true;
  }
  return false;
}

function benchHits(): void {
  const trials: Readonly<Record<string, Trial>> = {
    "one ": { known: 1000, refill: 100, faults: 1, share: 1 },
    "run ": { known: 1000, refill: 100, faults: 60, share: 1 },
    "30 % ": { known: 1000, refill: 100, faults: 200, share: 0.3 },
    "one, busy ": { known: 1000, refill: 0, faults: 1, share: 1 },
    "run, busy ": { known: 1000, refill: 0, faults: 2000, share: 1 },
  };
  for (const name of Object.keys(plantedResults)) {
    const rates = Object.entries(trials).map(([what, trial]) => {
      let found = 0;
      for (let seed = 0; seed < 100; seed += 1) if (isFound(name, seed, trial)) found += 1;
      return `${what}${found} %`;
    });
    print(`told of ${name}`, rates.join(", "), "");
  }
}

const usualResults: Readonly<Record<string, (index: number) => unknown>> = {
  "a number": (index) => index / 3,
  "a short text": (index) => `/users/${index}`,
  "a long text": (index) => "the quick brown fox ".repeat(20) + index,
  "an array of records": (index) => Array.from({ length: 10 + (index % 9) }, (_, id) => ({ id })),
  "an object": (id) => ({ id, name: `x${id}`, value: 2 }),
  "an answer with a status": (id) => ({ ok: true, status: 200, data: { id } }),
  undefined: () => undefined,
};

function benchCost(): void {
  const rounds = 2_000_000;
  const operations = Object.entries(usualResults).map(([name, make]) => ({
    name,
    shape: new ResultShape(),
    results: Array.from({ length: 512 }, (_, index) => make(index)),
  }));
  // One look serves all operations, so all kinds of results come before it is measured.
  for (let turn = 0; turn < 2; turn += 1) {
    for (const { name, shape, results } of operations) {
      const bareNs = nanoseconds(rounds, (index) => results[index & 511] === null);
      const lookNs = nanoseconds(rounds, (index) => {
        const result = results[index & 511];
        return shape.look(result) && shape.explain(result) !== undefined;
      });
      if (turn === 1) print(`look, one of 64 close: ${name}`, (lookNs - bareNs).toFixed(1), "ns");
    }
  }
}

function nanoseconds(rounds: number, run: (index: number) => boolean): number {
  let best = Number.POSITIVE_INFINITY;
  for (let repeat = 0; repeat < 5; repeat += 1) {
    const beganNs = process.hrtime.bigint();
    let count = 0;
    for (let index = 0; index < rounds; index += 1) if (run(index)) count += 1;
    const spentNs = Number(process.hrtime.bigint() - beganNs) / rounds;
    if (count <= rounds) best = Math.min(best, spentNs);
  }
  return best;
}

function benchMemory(): void {
  const count = 5000;
  const used = (): number => {
    globalThis.gc?.();
    globalThis.gc?.();
    return process.memoryUsage().heapUsed;
  };
  const before = used();
  const shapes = Array.from({ length: count }, () => new ResultShape());
  print("memory of an operation never called", Math.round((used() - before) / count), "bytes");
  for (const shape of shapes) {
    for (let index = 0; index < 300; index += 1) {
      const odd = [null, undefined][index % 100] ?? null;
      const result = index % 100 < 2 ? odd : { id: index, name: "a", price: 1, a: 1, b: 2, c: 3 };
      see(shape, result, { index, refill: 0 });
    }
  }
  const bytes = Math.round((used() - before) / shapes.length);
  print("  with fields and two kinds of oddities", bytes, "bytes");
}

benchCost();
benchMemory();
benchFalseAlarms();
benchHits();
