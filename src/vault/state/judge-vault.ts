/**
 * What there is to worry about in a vault: each concern by its name, well or not, with a sentence.
 *
 * W1. Every concern is answered each time, so that one that is over is heard to be over.
 * W2. Where nothing is known nothing is well: a vault without a backup is overdue when its first
 *     one would have been.
 * W3. A gap in a stream is over when there is a new copy of everything, but no gap is so short that
 *     nobody hears of it.
 */
import { formatDuration } from "../../kernel/index.ts";
import type { VaultState } from "./vault-state.ts";

export const vaultConcerns = [
  "overdue",
  "failed",
  "suspect",
  "damaged",
  "behind",
  "missing",
  "asked",
  "frozen",
  "drill-overdue",
  "drill-failed",
  "stream-failed",
  "stream-gap",
] as const;

export type VaultConcern = (typeof vaultConcerns)[number];

export interface VaultFact {
  readonly concern: VaultConcern;
  /** How many things are not as they should be; 0: all is well. */
  readonly count: number;
  readonly reason: string;
}

export interface VaultLimits {
  readonly nowMs: number;
  /** Since when somebody waits for a backup, where there is no state. */
  readonly sinceMs: number;
  /** When the next backup, drill is late, after one at that time. Undefined: never. */
  readonly backupLateAt: (lastMs: number) => number | undefined;
  readonly drillLateAt: (lastMs: number) => number | undefined;
}

export function judgeVault(
  state: VaultState | undefined,
  limits: VaultLimits,
): readonly VaultFact[] {
  const since = state?.since ?? limits.sinceMs;
  const last = state?.runs.at(-1);
  const drill = state?.drills.at(-1);
  const losses = state?.losses ?? [];
  const behind = (state?.locations ?? []).filter(({ reason }) => reason !== "");
  return [
    lateFact("overdue", "good backup", {
      at: state?.lastGood?.at,
      lateAt: limits.backupLateAt(state?.lastGood?.at ?? since),
      nowMs: limits.nowMs,
    }),
    factOf("failed", last?.verdict === "failed" ? [last.reason] : [], "the last backup"),
    factOf("suspect", last?.verdict === "suspect" ? [last.reason] : [], "the last backup"),
    factOf(
      "damaged",
      (state?.damage ?? []).map(
        (each) => `${each.location}: ${each.kind} ${each.id}: ${each.reason}`,
      ),
      "damage",
    ),
    factOf(
      "behind",
      behind.map(({ heldAt, name, reason }) => `${name}: ${reason}${heldText(heldAt, limits)}`),
      "locations that lack the newest snapshot",
    ),
    factOf("missing", pathsOf(losses, "gone"), "what is to be restored"),
    factOf("asked", pathsOf(losses, "asked"), "what a person is to decide"),
    factOf(
      "frozen",
      (state?.frozen ?? []).map(({ reason }) => reason),
      "why nothing is forgotten until a person has looked",
    ),
    lateFact("drill-overdue", "drill", {
      at: drill?.at,
      lateAt: limits.drillLateAt(drill?.at ?? since),
      nowMs: limits.nowMs,
    }),
    factOf("drill-failed", drill?.isProven === false ? [drill.reason] : [], "the last drill"),
    factOf("stream-failed", troublesOf(state), "streams"),
    factOf("stream-gap", gapsOf(state, limits), "moments that no restore can reach"),
  ];
}

interface Lateness {
  readonly at: number | undefined;
  readonly lateAt: number | undefined;
  readonly nowMs: number;
}

function lateFact(concern: VaultConcern, what: string, { at, lateAt, nowMs }: Lateness): VaultFact {
  const when = at === undefined ? "there was none yet" : `the last one was ${ago(at, nowMs)}`;
  const isLate = lateAt !== undefined && nowMs > lateAt;
  const reason = isLate ? `the next ${what} is late: ${when}` : `${what}: ${when}`;
  return { concern, count: isLate ? 1 : 0, reason };
}

/** The first one stands for all of them. */
function factOf(concern: VaultConcern, found: readonly string[], what: string): VaultFact {
  const [first] = found;
  if (first === undefined) return { concern, count: 0, reason: `${what}: nothing is wrong` };
  const more = found.length === 1 ? "" : ` (and ${found.length - 1} more)`;
  return { concern, count: found.length, reason: `${what}: ${first}${more}` };
}

function pathsOf(losses: VaultState["losses"], kind: "gone" | "asked"): readonly string[] {
  return losses.flatMap((each) => (each.kind === kind ? [`${each.path}: ${each.reason}`] : []));
}

function troublesOf(state: VaultState | undefined): readonly string[] {
  return (state?.streams ?? []).flatMap(({ baseTrouble, name, trouble }) =>
    [trouble, baseTrouble].flatMap((each) => (each === "" ? [] : [`${name}: ${each}`])),
  );
}

/** W3: it is told for so long at least. */
const gapToldMs = 600_000;

function gapsOf(state: VaultState | undefined, { nowMs }: VaultLimits): readonly string[] {
  return (state?.streams ?? []).flatMap(({ gap, name }) => {
    if (gap === undefined) return [];
    const { at, endedAt, reason } = gap;
    if (endedAt !== undefined && Math.abs(nowMs - at) >= gapToldMs) return [];
    const how = endedAt === undefined ? "until now" : `for ${formatDuration(endedAt - at)}`;
    return [`${name}: ${how}, since ${ago(at, nowMs)}: ${reason}`];
  });
}

function heldText(heldAt: number | undefined, { nowMs }: VaultLimits): string {
  return heldAt === undefined ? ", it never held one" : `, whole ${ago(heldAt, nowMs)}`;
}

function ago(at: number, nowMs: number): string {
  return `${formatDuration(Math.max(0, nowMs - at))} ago`;
}
