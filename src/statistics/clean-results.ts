/**
 * Results of healthy operations, with everything in them that looks like a fault and is none:
 * empty ones now and then and in bursts, huge ones, missing fields, prose about `undefined` and
 * ENOENT, errors that say that they are errors. Nothing of them is suspicious.
 */
import { integerBetween, type Random } from "../kernel/index.ts";
import { gaussian } from "./clean-shapes.ts";

export interface CleanResults {
  next(): unknown;
}

const words = "the of order shipped user value file report when is not found again by was".split(
  " ",
);

export const cleanResults: Readonly<Record<string, (random: Random) => CleanResults>> = {
  /** A catalogue that is searched: arrays of records, every hundredth night empty. */
  searches(random) {
    let quiet = 0;
    return {
      next() {
        if (quiet > 0) quiet -= 1;
        else if (random.next() < 0.0005) quiet = integerBetween(random, 1, 4);
        if (quiet > 0 || random.next() < 0.01) return [];
        const isExport = random.next() < 0.001;
        const size = isExport ? integerBetween(random, 2000, 20_000) : lognormal(random, 12, 0.8);
        return Array.from({ length: Math.ceil(size) }, (_, index) => record(random, index));
      },
    };
  },
  /** An analyzer of texts, some of which are about programs. */
  texts(random) {
    return {
      next() {
        if (random.next() < 0.002) return "";
        const isHuge = random.next() < 0.0005;
        const text = prose(random, lognormal(random, isHuge ? 20_000 : 120, 0.7));
        if (random.next() > 0.002) return text;
        const subjects = [
          "x is undefined there",
          "ENOENT means that",
          "it printed [object Object]",
        ];
        return `${prose(random, 12)} ${subjects[integerBetween(random, 0, 2)]} ${text}`;
      },
    };
  },
  /** A remote interface: answers with a status, most with data, some honest about a failure. */
  answers(random) {
    return {
      next() {
        const dice = random.next();
        if (dice < 0.003) return undefined;
        if (dice < 0.006) return null;
        if (dice < 0.02) return { ok: false, status: 404, error: "no such order" };
        if (dice < 0.03) return { ok: true, status: 200, error: null, data: {} };
        const data = {
          total: random.next() * 100,
          items: record(random, 1),
          note: prose(random, 3),
        };
        if (dice < 0.04) return { ok: true, status: 200, data };
        return { ok: true, status: 200, error: null, errors: [], data };
      },
    };
  },
  /** Names and addresses: short texts, a few of them missing. */
  names(random) {
    return {
      next() {
        if (random.next() < 0.005) return undefined;
        const id = integerBetween(random, 1, 1e9).toString(36);
        return random.next() < 0.5 ? `/users/${id}/profile` : `Name Of${id}`;
      },
    };
  },
};

function record(random: Random, id: number): Readonly<Record<string, unknown>> {
  const price = random.next() * 100;
  return random.next() < 0.05 ? { id, price } : { id, price, name: `thing-${id}` };
}

function prose(random: Random, length: number): string {
  let text = "";
  while (text.length < length) text += `${words[integerBetween(random, 0, words.length - 1)]} `;
  return text;
}

function lognormal(random: Random, median: number, sigma: number): number {
  return median * Math.exp(sigma * gaussian(random));
}
