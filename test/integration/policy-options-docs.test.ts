/**
 * docs/engine/policies.md, "Every option": each policy has a table, and each table has the options
 * that the policy takes, with what they take, what holds without them, and a meaning.
 */
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import {
  bulkhead,
  circuitBreaker,
  failover,
  fallback,
  hedge,
  pipeline,
  rateLimit,
  retry,
  timeout,
} from "../../src/engine/index.ts";
import { parseDurationMs } from "../../src/kernel/index.ts";
import { ringDefaults } from "../../src/resilience/failover/ring.ts";
import { breakerDefaults, RetryBudget } from "../../src/resilience/index.ts";
import {
  bulkheadDefaults,
  circuitDefaults,
  hedgeDefaults,
  rateLimitDefaults,
  retryBudgetDefaults,
  retryDefaults,
} from "../../src/resilience/policy-defaults.ts";
import { code, keysKnownTo, type Row, refusalOf, rowsBelow } from "./doc-tables.ts";

const page = new URL("../../docs/engine/policies.md", import.meta.url);

interface Subject {
  readonly make: (options: object) => unknown;
  readonly defaults: Readonly<Record<string, unknown>>;
  /** What must be given. */
  readonly least?: Readonly<Record<string, unknown>>;
}

const answer = (): string => "answer";
const subjects: Readonly<Record<string, Subject>> = {
  retry: { make: (options) => retry(options), defaults: retryDefaults },
  RetryBudget: { make: (options) => new RetryBudget(options), defaults: retryBudgetDefaults },
  timeout: {
    make: (options) => timeout(options as { timeoutMs: number }),
    defaults: {},
    least: { timeoutMs: 1000 },
  },
  bulkhead: { make: (options) => bulkhead(options), defaults: bulkheadDefaults },
  rateLimit: {
    make: (options) => rateLimit(options as { limit: number }),
    defaults: rateLimitDefaults,
    least: { limit: 1 },
  },
  circuitBreaker: {
    make: (options) => circuitBreaker(options),
    defaults: { ...breakerDefaults, ...circuitDefaults },
  },
  hedge: {
    make: (options) => hedge(options as { delayMs: number }),
    defaults: hedgeDefaults,
    least: { delayMs: 80 },
  },
  fallback: { make: (options) => fallback("answer", options), defaults: {} },
  failover: {
    make: (options) => failover({ answer }, options).policy,
    defaults: { ...ringDefaults },
  },
  pipeline: { make: (options) => pipeline([], options), defaults: {} },
};

it("the page has a table for each policy", () => {
  const [, below = ""] = readFileSync(page, "utf8").split("\n## Every option\n");
  const headings = [...below.matchAll(/^### `(\w+)`$/gm)].map(([, name]) => name);
  expect(headings).toEqual(Object.keys(subjects));
});

describe.each(Object.entries(subjects))("%s", (name, { make, defaults, least = {} }) => {
  const rows = rowsBelow("docs/engine/policies.md", `### \`${name}\``);

  it("has the options of its table and no others", () => {
    const told = rows.map((row) => code(row["option"]) ?? "");
    expect(told.toSorted()).toEqual(keysKnownTo(() => make([])).toSorted());
    expect(rows.filter((row) => (row["meaning"] ?? "").length < 5)).toEqual([]);
  });

  it.each(rows)("$option takes what its row says", (row) => {
    const option = code(row["option"]) ?? "";
    const wanted = wantedOf((value) => make({ ...least, [option]: value }));
    expect(row["takes"]).toMatch(new RegExp(`^${wanted.replaceAll(".", "\\.")}(?:, or .*)?$`));
  });

  it.each(rows)("$option holds without a word as its row says", (row) => {
    const option = code(row["option"]) ?? "";
    const isMissing = refusalOf(() => make({})).message.includes(`${option}: it is missing`);
    expect(row["default"] === "must be given").toBe(isMissing);
    if (option === "name") {
      expect(code(row["default"])).toBe((make(least) as { name: string }).name);
    } else if (defaults[option] !== undefined) {
      expect(meant(row)).toEqual(defaults[option]);
    } else {
      // Nothing that could be taken for a value.
      expect(row["default"]).toMatch(/^[A-Za-z][^\d]+$/);
    }
  });
});

/** What it says that it expects when it is handed nonsense. */
function wantedOf(make: (value: unknown) => unknown): string {
  for (const nonsense of [Object.create(null), 5, 0n]) {
    const [, wanted] = /expected (.*?), found/.exec(refusalOf(() => make(nonsense)).message) ?? [];
    if (wanted !== undefined) return inWords(wanted);
  }
  return "anything";
}

/** Limits that nobody reaches are left out. */
function inWords(wanted: string): string {
  return wanted
    .replaceAll(" | ", ", ")
    .replace(" to 2147483647 ms", "")
    .replace(" to 1000000000", "")
    .replace("a duration from 0 ms", "a duration")
    .replace("86400000 ms", "24 h");
}

function meant(row: Row): unknown {
  const cell = row["default"] ?? "";
  if ((code(row["option"]) ?? "").endsWith("Ms")) return parseDurationMs(cell === "0" ? 0 : cell);
  const word = code(cell);
  if (word === undefined) return Number(cell);
  if (word.startsWith("{")) return JSON.parse(word.replaceAll(/(\w+):/g, '"$1":'));
  return ["true", "false"].includes(word) ? word === "true" : word;
}
