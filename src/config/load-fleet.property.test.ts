import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { modes, strictest } from "../kernel/index.ts";
import type { Fleet } from "./fleet.ts";
import { loadFleet } from "./load-fleet.ts";
import { formatProblem } from "./problem.ts";

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,10}$/);
const duration = fc.oneof(
  fc.integer({ min: 10, max: 100_000 }),
  fc.tuple(fc.integer({ min: 1, max: 90 }), fc.constantFrom("s", "m", "h")).map((x) => x.join("")),
);
const service = fc.record(
  {
    command: fc.oneof(
      fc.constant("node a.js"),
      fc.array(fc.string({ minLength: 1 }), { minLength: 1 }),
    ),
    env: fc.dictionary(fc.stringMatching(/^[A-Z_]{1,8}$/), fc.string()),
    cwd: fc.stringMatching(/^[a-z./]{1,12}$/),
    mode: fc.constantFrom(...modes),
    timeout: duration,
    health_check: fc.oneof(
      fc.constant("http://127.0.0.1:1/x"),
      fc.record({ tcp: fc.integer({ min: 1, max: 65_535 }), interval: duration }),
    ),
    stop: fc.record({ grace: duration }),
    restart: fc.constantFrom("always", "on-failure", "never"),
  },
  { requiredKeys: ["command"] },
);
const fleet = fc.record({
  fleet: name,
  mode: fc.constantFrom(...modes),
  services: fc.dictionary(name, service, { maxKeys: 5 }),
  detection: fc.record({ watch: duration }, { requiredKeys: [] }),
});

function load(text: string, more: { environment?: Record<string, string> } = {}): Fleet {
  const files = [{ path: "f.yaml", text }];
  const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each, ...more });
  if (!loaded.ok) throw new Error(`${loaded.error.map(formatProblem).join("\n")}\n${text}`);
  return loaded.value.fleet;
}

describe("loading", () => {
  it("means the same as YAML, as JSON and with its keys in another order", () => {
    fc.assert(
      fc.property(fleet, (written) => {
        const expected = load(stringify(written));
        expect(load(JSON.stringify(written))).toEqual(expected);
        const turned = Object.fromEntries(Object.entries(written).toReversed());
        expect(load(stringify(turned)).hash).toBe(expected.hash);
      }),
      { numRuns: 50 },
    );
  });

  it("never lets a looser mode through, whoever says it", () => {
    const mode = fc.constantFrom(...modes);
    fc.assert(
      fc.property(mode, mode, fc.boolean(), (file, variable, killed) => {
        const environment: Record<string, string> = { SOULMIRROR_MODE: variable };
        if (killed) environment["RELIABILITY_ENGINE_ENABLED"] = "false";
        const expected = killed ? "off" : strictest(file, variable);
        expect(load(`mode: ${file}`, { environment }).mode).toBe(expected);
      }),
    );
  });

  it("answers for any text with a fleet or with problems that have a place", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.json(),
          fleet.map((x) => stringify(x).slice(3)),
        ),
        (text) => {
          const files = [{ path: "f.yaml", text }];
          const loaded = loadFleet({ files, baseDir: "/srv", hash: (each) => each });
          if (loaded.ok) return;
          expect(loaded.error.length).toBeGreaterThan(0);
          for (const { line, column, message } of loaded.error) {
            expect(line).toBeGreaterThan(0);
            expect(column).toBeGreaterThan(0);
            expect(message).not.toBe("");
          }
        },
      ),
    );
  });
});
