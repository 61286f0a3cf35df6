/**
 * Has lost paths judged and healed, wave after wave: what is found while others wait for quiet
 * begins its own wait at once.
 *
 * E1. A path is in one wave at a time.
 * E2. What could not be healed is tried again after a rest that doubles; everything else is
 *     settled once.
 * E3. What was restored is counted, so that a fight with another program ends in a question.
 * E4. What is suspect is a doubt before it is settled: nothing is forgotten then.
 */
import type { JsonRecord } from "../../kernel/index.ts";
import { realClock, realTimers } from "../../system/index.ts";
import {
  type HealEvent,
  type HealOutcome,
  type HealPorts,
  healPaths,
  type RawPath,
  textOfRawPath,
} from "../../vault/index.ts";
import type { AgentLimits } from "./agent-world.ts";
import type { Books } from "./books.ts";
import type { LossEnd, Losses } from "./losses.ts";

const wavesMax = 8;
const outcomesMax = 200;

export interface HealerOptions {
  readonly limits: AgentLimits;
  readonly losses: Losses;
  readonly books: Books;
  readonly ports: (record: (event: HealEvent) => Promise<void>) => HealPorts;
  readonly signal: AbortSignal;
  /** Something was settled. */
  readonly onSettled: () => void;
}

/** For people and sensors. */
export interface ToldOutcome {
  readonly kind: HealOutcome["kind"];
  readonly path: string;
  readonly rule: string;
  readonly sentence: string;
  readonly atMs: number;
  readonly aside?: string;
  readonly why?: string;
}

export class Healer implements AsyncDisposable {
  readonly #options: HealerOptions;
  readonly #ports: HealPorts;
  readonly #inWork = new Set<RawPath>();
  readonly #waves = new Set<Promise<void>>();
  readonly #restsUntil = new Map<RawPath, number>();
  /** In a row, of what waits for a further attempt. */
  readonly #failures = new Map<RawPath, number>();
  readonly #heals: { readonly path: RawPath; readonly atMs: number }[] = [];
  readonly #outcomes: ToldOutcome[] = [];
  /** Told as missing. */
  readonly #missing = new Set<RawPath>();
  #cancelRest: () => void = () => {};

  constructor(options: HealerOptions) {
    this.#options = options;
    this.#ports = options.ports((event) => this.#record(event));
  }

  get outcomes(): readonly ToldOutcome[] {
    return this.#outcomes;
  }

  recentHealsOf(path: RawPath): number {
    const since = realClock.now().monotonicMs - this.#options.limits.heal.fightMs;
    return this.#heals.filter((heal) => heal.path === path && heal.atMs > since).length;
  }

  wake(): void {
    const { losses, signal } = this.#options;
    if (signal.aborted || this.#waves.size >= wavesMax) return;
    const nowMs = realClock.now().monotonicMs;
    const paths = losses.waiting.filter((path) => {
      return !this.#inWork.has(path) && (this.#restsUntil.get(path) ?? 0) <= nowMs;
    });
    if (paths.length === 0) return;
    for (const path of paths) this.#inWork.add(path);
    const wave = this.#heal(paths).finally(() => {
      this.#waves.delete(wave);
      this.wake();
    });
    this.#waves.add(wave);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancelRest();
    await Promise.allSettled(this.#waves);
  }

  async #heal(paths: readonly RawPath[]): Promise<void> {
    const { limits, losses, onSettled, signal } = this.#options;
    const taken = paths.flatMap((path) => losses.judge(path) ?? []);
    const ends = new Map<RawPath, LossEnd>();
    try {
      const outcomes = await healPaths(paths, this.#ports, { limits: limits.heal, signal });
      for (const outcome of outcomes) {
        // What an end of this process left undecided is judged by the next one.
        if (signal.aborted && outcome.kind === "asked") continue;
        if (outcome.kind === "failed") this.#rest(outcome.path);
        else ends.set(outcome.path, endOf(outcome.kind));
      }
    } catch {
      for (const path of paths) this.#rest(path);
    } finally {
      for (const loss of taken) losses.settle(loss, ends.get(loss.path));
      for (const path of ends.keys()) this.#failures.delete(path);
      for (const path of paths) this.#inWork.delete(path);
      this.#wakeAfterRest();
      onSettled();
    }
  }

  #rest(path: RawPath): void {
    const { retryMaxMs, retryMinMs } = this.#options.limits;
    const failures = this.#failures.get(path) ?? 0;
    this.#failures.set(path, failures + 1);
    const restMs = Math.min(retryMaxMs, retryMinMs * 2 ** Math.min(failures, 20));
    this.#restsUntil.set(path, realClock.now().monotonicMs + restMs);
  }

  #wakeAfterRest(): void {
    this.#cancelRest();
    if (this.#restsUntil.size === 0 || this.#options.signal.aborted) return;
    let nextMs = Number.POSITIVE_INFINITY;
    for (const untilMs of this.#restsUntil.values()) nextMs = Math.min(nextMs, untilMs);
    const delayMs = Math.max(0, nextMs - realClock.now().monotonicMs) + 10;
    this.#cancelRest = realTimers.after(delayMs, () => {
      const nowMs = realClock.now().monotonicMs;
      for (const [path, untilMs] of this.#restsUntil) {
        if (untilMs <= nowMs) this.#restsUntil.delete(path);
      }
      this.wake();
      this.#wakeAfterRest();
    });
  }

  async #record(event: HealEvent): Promise<void> {
    // What is begun was written down as waiting when it was found.
    if (event.kind === "begun") return;
    const { outcome } = event;
    const { path, verdict } = outcome;
    const { dumpedMs, snapshot = "" } = this.#options.losses.of(path) ?? {};
    if (outcome.kind === "healed") this.#heals.push({ path, atMs: realClock.now().monotonicMs });
    if (this.#heals.length > outcomesMax * 10) this.#heals.shift();
    const told: ToldOutcome = {
      kind: outcome.kind,
      path: textOfRawPath(path),
      rule: verdict.reason.rule,
      sentence: `${verdict.reason.sentence}${dumpedText(dumpedMs)}`,
      atMs: event.atMs,
      ...("aside" in outcome && outcome.aside !== undefined
        ? { aside: textOfRawPath(outcome.aside) }
        : {}),
      ...("why" in outcome ? { why: outcome.why } : {}),
    };
    if (outcome.kind === "left") return;
    this.#outcomes.push(told);
    if (this.#outcomes.length > outcomesMax) this.#outcomes.shift();
    const { books } = this.#options;
    const { kind, ...facts } = told;
    // Before it is settled: whoever ends in between is not judged again.
    if (verdict.isSuspect) await books.doubt({ path, rule: told.rule, why: told.sentence });
    const auditKind = verdict.isSuspect && kind === "asked" ? "suspect" : "healed";
    await books.record(auditKind, { outcome: kind, ...facts } satisfies JsonRecord);
    if (kind === "healed") {
      if (this.#missing.delete(path)) books.noteLater([{ kind: "settled", path: told.path }]);
      return;
    }
    if (this.#missing.size < outcomesMax) this.#missing.add(path);
    const { path: at, sentence, why = sentence } = told;
    const reason = kind === "asked" ? `${why} ${answersTo(at, snapshot)}` : why;
    const loss = { at: event.atMs, path: at, kind: missingAs(kind), reason };
    books.noteLater([{ kind: "loss", loss }]);
  }
}

function endOf(kind: Exclude<HealOutcome["kind"], "failed">): LossEnd {
  if (kind === "healed") return "put back";
  return kind === "left" ? "over" : "asked";
}

/** What a person may say to the question. */
function answersTo(path: string, snapshot: string): string {
  const quoted = /^[\w/.@%+,:-]+$/.test(path) ? path : `'${path.replaceAll("'", "'\\''")}'`;
  const meant = `If it was meant: \`soulmirror vault accept ${quoted}\`.`;
  if (snapshot === "") return meant;
  const id = snapshot.slice(0, 8);
  const back = `soulmirror vault restore --snapshot ${id} --path ${quoted} --target /`;
  return `${meant} To have it back: \`${back}\`.`;
}

function dumpedText(dumpedMs: number | undefined): string {
  if (dumpedMs === undefined) return "";
  const at = new Date(dumpedMs).toISOString();
  return ` What the vault has of it is its dump of ${at}: nothing that was written since.`;
}

function missingAs(kind: HealOutcome["kind"]): "asked" | "gone" {
  return kind === "asked" ? "asked" : "gone";
}
