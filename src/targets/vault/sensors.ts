/**
 * How a vault is, from the small file that everybody writes who works in it. Kind `vault`.
 *
 * 1. The file is all that is read: locations are asked by who works in them, with the passphrase
 *    that the daemon does not have.
 * 2. No file means that there was no backup yet, which is well until the first one is late. One
 *    that cannot be read is never well: nobody is reassured by what nobody knows.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { CheckReading, Reading, Sample, Sensor } from "../../model/index.ts";
import {
  judgeVault,
  type VaultFact,
  type VaultState,
  vaultConcerns,
  vaultStateFile,
  vaultStateOfText,
} from "../../vault/index.ts";
import { badCheck, codeOf, goodCheck } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { lateAt, scheduleSchema } from "./late-at.ts";

export interface VaultSensorOptions {
  readonly clock: Clock;
  /** Holds a folder for each vault. */
  readonly folder: string;
}

const schema = z.object({
  name: z
    .string()
    .regex(/^[^/\0]+$/)
    .refine((name) => name !== "." && name !== ".."),
  schedule: scheduleSchema,
  drill: scheduleSchema.optional(),
});

const parametersOf = sensorParameters("vault", schema);

type Known =
  | { readonly kind: "known"; readonly state: VaultState | undefined }
  | { readonly kind: "unreadable"; readonly reason: string };

export function createVaultSensor({ clock, folder }: VaultSensorOptions): Sensor {
  const firstLookMs = new Map<string, number>();
  return {
    kind: "vault",
    async read({ spec }): Promise<readonly Reading[]> {
      const { drill, name, schedule } = parametersOf(spec.parameters);
      const { monotonicMs: begunMs, wallMs: nowMs } = clock.now();
      const sinceMs = firstLookMs.get(spec.key) ?? nowMs;
      firstLookMs.set(spec.key, sinceMs);
      const known = await readKnown(join(folder, name, vaultStateFile));
      const elapsedMs = clock.now().monotonicMs - begunMs;
      if (known.kind === "unreadable") {
        const { reason } = known;
        return [
          badCheck(elapsedMs, { symptom: "content", reason }),
          // Nobody knows of any backup.
          { kind: "occurrence", name: "overdue", count: 1, reason },
        ];
      }
      const facts = judgeVault(known.state, {
        nowMs,
        sinceMs,
        backupLateAt: (lastMs) => lateAt(schedule, lastMs),
        drillLateAt: (lastMs) => lateAt(drill, lastMs),
      });
      const samples = samplesOf(known.state, facts, nowMs);
      return [
        checkOf(facts, elapsedMs),
        ...facts.map(({ concern, count, reason }): Reading => {
          return { kind: "occurrence", name: concern, count, reason };
        }),
        { kind: "samples", samples },
      ];
    },
    forget: (key) => void firstLookMs.delete(key),
  };
}

async function readKnown(path: string): Promise<Known> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT") return { kind: "known", state: undefined };
    return { kind: "unreadable", reason: `${path} cannot be read: ${codeOf(error)}` };
  }
  const read = vaultStateOfText(text);
  if (read.ok) return { kind: "known", state: read.value };
  return { kind: "unreadable", reason: `${path} says nothing: ${read.error}` };
}

function checkOf(facts: readonly VaultFact[], elapsedMs: number): CheckReading {
  const wrong = facts.filter(({ count }) => count > 0);
  const [first] = facts;
  if (wrong.length === 0) return goodCheck(elapsedMs, first?.reason ?? "nothing is wrong");
  const isLateOnly = wrong.every(({ concern }) => concern.endsWith("overdue"));
  const reason = wrong.map((each) => each.reason).join("; ");
  const symptom = isLateOnly ? "stale" : "content";
  return badCheck(elapsedMs, { symptom, reason: reason.slice(0, 500) });
}

function samplesOf(
  state: VaultState | undefined,
  facts: readonly VaultFact[],
  nowMs: number,
): readonly Sample[] {
  const counts = vaultConcerns.map((concern): Sample => {
    const value = facts.find((fact) => fact.concern === concern)?.count ?? 0;
    return { series: `vault.${concern.replace("-", "_")}`, value, unit: "count" };
  });
  if (state === undefined) return counts;
  const age = (series: string, at: number | undefined): readonly Sample[] =>
    at === undefined ? [] : [{ series, value: Math.max(0, nowMs - at), unit: "ms" }];
  const good = state.runs.filter(({ verdict }) => verdict === "good").length;
  return [
    ...counts,
    ...age("vault.age", state.lastGood?.at),
    ...age("vault.drill_age", state.drills.at(-1)?.at),
    ...state.locations.flatMap(({ heldAt, name }) => age(`vault.lag:${name}`, heldAt)),
    ...(state.runs.length === 0
      ? []
      : [{ series: "vault.success", value: good / state.runs.length, unit: "ratio" } as const]),
    { series: "vault.silent_errors", value: state.silentErrors, unit: "count" },
  ];
}
