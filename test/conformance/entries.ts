/** Entries for tests of the journal and the store: real ones, as a loop would write them. */
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { createIds, createRandom, type Ids } from "../../src/kernel/index.ts";
import { createChain, type Mac } from "../../src/knowledge/index.ts";
import type {
  Action,
  ActionStatus,
  Entry,
  Failure,
  Incident,
  IncidentState,
  SealedEntry,
} from "../../src/model/index.ts";

export const mac: Mac = (text) => createHmac("sha256", "the key").update(text).digest("hex");

/** Times of the entries: one second apart. */
export const startAt = 1_800_000_000_000;

export function idsAt(wallMs: number, seed = 1): Ids {
  return createIds({ now: () => ({ wallMs, monotonicMs: 0 }) }, createRandom(seed));
}

export function sealAll(entries: readonly Entry[], last?: SealedEntry): readonly SealedEntry[] {
  const chain = createChain(mac, last);
  const first = last?.position ?? 0;
  return entries.flatMap((entry, index) => {
    const at = startAt + (first + index) * 1000;
    return chain.seal([entry], at, idsAt(at, first + index));
  });
}

export function notes(count: number, prefix = "note"): readonly Entry[] {
  return Array.from({ length: count }, (_, index) => ({
    kind: "request" as const,
    by: "ann",
    what: `${prefix} ${index}`,
  }));
}

export function failureOf(id: string, more: Partial<Failure> = {}): Failure {
  return {
    id,
    at: startAt,
    resource: "instance/shop.1",
    type: "process_exited",
    severity: "high",
    detector: "process-life",
    sensor: "process",
    reason: "it exited with code 1",
    evidence: ["exit 1"],
    ...more,
  };
}

export function actionOf(
  id: string,
  failure: string | undefined,
  status: ActionStatus = { kind: "initiated" },
): Action {
  return {
    id,
    at: startAt,
    begunMs: 5,
    status,
    done: status.kind === "succeeded" ? [{ step: 0, detail: "stopped" }] : [],
    plan: {
      id: `pln_${id}`,
      strategy: "restart",
      resource: "instance/shop.1",
      cause:
        failure === undefined
          ? { kind: "person", by: "ann" }
          : { kind: "failure", incident: "inc_1", failure },
      reason: "the process is gone",
      steps: [
        { kind: "stop", resource: "instance/shop.1", parameters: {}, deadlineMs: 1000 },
        {
          kind: "start",
          resource: "instance/shop.1",
          parameters: { spec: "abc" },
          deadlineMs: 1000,
        },
      ],
      irreversible: false,
      reverts: false,
    },
  };
}

export function incidentOf(id: string, state: IncidentState = { kind: "open" }): Incident {
  return {
    id,
    openedAt: startAt,
    cause: "instance/shop.1",
    title: "shop is down",
    severity: "high",
    failures: ["flr_1"],
    victims: [],
    state,
    relapses: 0,
  };
}

const few = fc.integer({ min: 1, max: 6 });
const words = fc.string({ unit: "binary", maxLength: 12 });

const statuses: fc.Arbitrary<ActionStatus> = fc.oneof(
  fc.constant<ActionStatus>({ kind: "waiting_for_approval" }),
  fc.constant<ActionStatus>({ kind: "in_progress", step: 0 }),
  fc.double({ min: 0, max: 1e6, noNaN: true }).map((elapsedMs) => ({
    kind: "succeeded" as const,
    elapsedMs,
  })),
  words.map((reason) => ({ kind: "rolled_back" as const, elapsedMs: 7, reason })),
);

/** Any order of entries about a handful of failures, actions and incidents, legal or not. */
export const anyEntry: fc.Arbitrary<Entry> = fc.oneof(
  fc.tuple(few, words).map(([number, reason]) => ({
    kind: "failure_raised" as const,
    failure: failureOf(`flr_${number}`, { reason, evidence: [reason] }),
  })),
  few.map((number) => ({
    kind: "failure_resolved" as const,
    failure: `flr_${number}`,
    reason: "good again",
  })),
  fc.tuple(few, fc.option(few, { nil: undefined }), statuses).map(([number, failure, status]) => ({
    kind: "action" as const,
    action: actionOf(`act_${number}`, failure === undefined ? failure : `flr_${failure}`, status),
  })),
  fc.tuple(few, few, fc.boolean()).map(([failure, action, healed]) => ({
    kind: "verdict" as const,
    verdict: {
      at: startAt,
      failure: `flr_${failure}`,
      action: `act_${action}`,
      healed,
      reason: "-",
    },
  })),
  fc.tuple(few, fc.boolean()).map(([number, over]) => ({
    kind: "incident" as const,
    incident: incidentOf(
      `inc_${number}`,
      over ? { kind: "resolved", at: startAt, by: "act_1" } : { kind: "open" },
    ),
  })),
  words.map((what) => ({ kind: "request" as const, by: "ann", what })),
);
