import fc from "fast-check";
import { expect, it } from "vitest";
import { createTopology, formatProblem, loadFleet } from "../config/index.ts";
import { createIds, createRandom } from "../kernel/index.ts";
import type { Failure, FailureType } from "../model/index.ts";
import { correlate } from "./incidents.ts";
import { createIncidentsState } from "./incidents-state.ts";

const names = ["db", "web", "batch", "other"] as const;
const types: readonly FailureType[] = ["hang", "process_exited", "memory_exhaustion"];
const text = `
services:
  db: { command: node db.js }
  web: { command: node web.js, depends_on: [db] }
  batch: { command: node batch.js, depends_on: [web] }
  other: { command: node other.js, depends_on: [db] }
`;
const loaded = loadFleet({ files: [{ path: "s.yaml", text }], baseDir: "/", hash: (each) => each });
if (!loaded.ok) throw new Error(loaded.error.map(formatProblem).join("\n"));
const { fleet } = loaded.value;

const event = fc.record({
  name: fc.constantFrom(...names),
  type: fc.constantFrom(...types),
  raises: fc.boolean(),
  pauseMs: fc.integer({ min: 0, max: 20_000 }),
});

it("keeps every open failure in exactly one live incident, whatever happens, and never renames an incident (N1 to N3)", () => {
  fc.assert(
    fc.property(fc.array(event, { minLength: 20, maxLength: 60 }), (events) => {
      let nowMs = 0;
      const clock = { now: () => ({ wallMs: nowMs, monotonicMs: nowMs }) };
      const ids = createIds(clock, createRandom(1));
      const state = createIncidentsState(fleet, createTopology(fleet), ids);
      const open = new Map<string, Failure>();
      const told = new Map<string, string>();
      for (const { name, type, raises, pauseMs } of events) {
        nowMs += pauseMs;
        const key = `${name}:${type}`;
        const known = open.get(key);
        const fresh = known === undefined && raises ? [failureOf(name, type, nowMs)] : [];
        for (const failure of fresh) open.set(key, failure);
        if (known && !raises) open.delete(key);
        const outcomes =
          known && !raises
            ? [{ kind: "failure_resolved" as const, failure: known.id, by: "itself" }]
            : [];
        for (const each of correlate(state, { raised: fresh, outcomes }, clock.now())) {
          const history = `${each.cause}|${each.title}`;
          expect(told.get(each.id) ?? history).toBe(history);
          told.set(each.id, history);
        }
        const live = [...state.incidents.values()].filter((each) => each.state.kind !== "resolved");
        for (const failure of open.values()) {
          const owners = live.filter(
            ({ failures, victims }) =>
              failures.includes(failure.id) || victims.includes(failure.id),
          );
          expect(owners).toHaveLength(1);
        }
        for (const { failures, victims } of live) {
          expect([...failures, ...victims].some((id) => state.failures.has(id))).toBe(true);
        }
      }
    }),
    { numRuns: 300, seed: 7 },
  );
});

function failureOf(name: string, type: FailureType, at: number): Failure {
  return {
    id: `${name}:${type}:${at}`,
    at,
    resource: `instance/${name}.1`,
    type,
    severity: "high",
    detector: "d",
    sensor: "s",
    reason: "r",
    evidence: [],
  };
}
