/**
 * Who may read a clock, draw chance, own a timer, touch the process or print. All of these are
 * handed in from `system/`, because a decision that reads them itself cannot be simulated.
 */
import { importsOf } from "./imports.ts";
import { type Place, placeOf } from "./places.ts";
import { globalUses } from "./references.ts";
import { isCode, isTest, lineAt, type Rule, type SourceFile } from "./source.ts";

interface Ban {
  /** A global (`process`), a member (`Math.random`), or a call without arguments (`new Date()`). */
  readonly names: readonly string[];
  readonly appliesTo: (place: Place) => boolean;
  readonly instead: string;
}

const isPure = (place: Place): boolean => place.isPure;
const isNotSystem = (place: Place): boolean => place.folder !== "system";

const bans: readonly Ban[] = [
  {
    names: ["Date", "performance"],
    appliesTo: isPure,
    instead: "take `now` as an argument (kernel's Clock and Instant)",
  },
  {
    names: ["Date.now", "new Date()", "Date()", "performance"],
    appliesTo: isNotSystem,
    instead: "use the injected Clock: wallMs() for stamps, monotonicMs() for durations",
  },
  {
    names: ["Math.random", "crypto.randomUUID", "crypto.getRandomValues"],
    appliesTo: isNotSystem,
    instead: "use the injected Random or Ids of kernel/",
  },
  {
    names: ["setTimeout", "setInterval", "setImmediate", "clearTimeout", "clearInterval"],
    appliesTo: isPure,
    instead: "return the next deadline as data, or take kernel's Timers as an argument",
  },
  {
    names: ["process", "Buffer", "fetch", "WebSocket", "crypto", "globalThis"],
    appliesTo: isPure,
    instead: "declare a port in model/ and let a composition root hand the real thing in",
  },
  {
    names: ["process"],
    appliesTo: (place) => place.folder === "api",
    instead: "let the daemon hand in what the api needs to know of the process",
  },
  {
    names: ["console"],
    appliesTo: (place) => place.folder !== "cli",
    instead: "write to the logger that was handed in; only src/cli/ talks to a terminal",
  },
];

/** The same things under their names in node's modules. */
const bannedNamesByModule: Readonly<Record<string, readonly string[]>> = {
  "node:perf_hooks": ["performance"],
  "node:crypto": ["randomUUID", "randomInt"],
};

export const globalRule: Rule = {
  name: "globals",
  check: (tree) =>
    tree.filter(isCode).flatMap((file) => {
      const place = placeOf(file.path);
      if (place === undefined) return chanceInTests(file);
      if (isTest(file) && !place.isPure) return [];
      return [...globalViolations(file, place), ...importViolations(file, place)];
    }),
};

function globalViolations(file: SourceFile, place: Place): ReturnType<Rule["check"]> {
  const active = bans.filter((ban) => ban.appliesTo(place));
  return globalUses(file).flatMap((use) => {
    const ban = active.find(({ names }) => use.names.some((name) => names.includes(name)));
    if (ban === undefined) return [];
    const message = `${place.folder} uses \`${use.names[0]}\`; ${ban.instead}`;
    return [{ path: file.path, line: lineAt(file, use.start), message }];
  });
}

function importViolations(file: SourceFile, place: Place): ReturnType<Rule["check"]> {
  if (!isNotSystem(place) || isTest(file)) return [];
  return importsOf(file).flatMap((found) =>
    found.names
      .filter((name) => bannedNamesByModule[found.specifier]?.includes(name) === true)
      .map((name) => ({
        path: file.path,
        line: found.line,
        message: `imports \`${name}\` of ${found.specifier}; use the injected Clock, Random or Ids`,
      })),
  );
}

/** A failing test must fail again: chance in tests is seeded and the seed is printed. */
function chanceInTests(file: SourceFile): ReturnType<Rule["check"]> {
  if (!file.path.startsWith("test/")) return [];
  return globalUses(file)
    .filter((use) => use.names.includes("Math.random"))
    .map((use) => ({
      path: file.path,
      line: lineAt(file, use.start),
      message: "draws unseeded chance; use kernel's createRandom(seed) or fast-check",
    }));
}
