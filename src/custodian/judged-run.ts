/**
 * How a run went, against what the one before it saw: the same for whoever makes it.
 *
 * 1. A run that is suspect changes nothing of what the next one is compared with, until a person
 *    accepts what it saw.
 */

import type { Instant } from "../kernel/index.ts";
import { mountOf } from "../platform/heal-facts/index.ts";
import {
  judgeRun,
  type RawPath,
  type Suspicion,
  systemPath,
  type Tally,
  textOfRawPath,
} from "../vault/index.ts";
import type { LastRun, SourceState } from "./last-run.ts";

export interface EndedLook {
  readonly tally: Tally;
  /** Without what is the vault's own. */
  readonly sources: readonly RawPath[];
  readonly begun: Instant;
  readonly ended: Instant;
  readonly sinceLastMs: number | undefined;
}

export interface JudgedRun {
  readonly suspicions: readonly Suspicion[];
  /** For the next one to be compared with. */
  readonly seen: Readonly<Record<string, SourceState>>;
  readonly latest: Readonly<Record<string, SourceState>>;
}

export function judgedRun(look: EndedLook, last: LastRun | undefined): JudgedRun {
  const { begun, ended, sinceLastMs, tally } = look;
  const sources = look.sources.map((path) => {
    const mount = mountOf(String(systemPath(path)));
    return { path, mount, before: last?.sources[textOfRawPath(path)] };
  });
  const suspicions = judgeRun({
    tally,
    sources,
    wallElapsedMs: ended.wallMs - begun.wallMs,
    elapsedMs: ended.monotonicMs - begun.monotonicMs,
    sinceLastMs,
  });
  const now = sources.map(({ mount, path }): [string, SourceState] => [
    textOfRawPath(path),
    { mount, files: tally.filesIn.get(path) ?? 0 },
  ]);
  const latest = Object.fromEntries(now);
  const seen = suspicions.length > 0 ? (last?.sources ?? {}) : latest;
  return { suspicions, seen, latest };
}
