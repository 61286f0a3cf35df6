/**
 * Long work, as it goes on. Where somebody looks: a bar with its rate and the time left. Where
 * nobody does: a line now and then. With `--json`: a line of JSON each second. All of it goes to
 * standard error, so that what stands on standard output is the result alone.
 */
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { realMonotonicMs } from "../../system/index.ts";
import type { OnProgress, WorkProgress } from "../../vault/index.ts";
import { counted } from "../counted.ts";
import type { Output } from "../output.ts";
import { plainText } from "../plain-text.ts";

const cells = 24;
const everyMs = { live: 100, json: 1000, lines: 30_000 } as const;

export function progressText(label: string, seen: WorkProgress, elapsedMs: number): string {
  const { bytes, count, expectedBytes = 0, expectedCount = 0, step, unit } = seen;
  const perSecond = ratePerSecond(bytes ?? 0, elapsedMs);
  const told = [
    counted(count, unit),
    ...(bytes === undefined ? [] : [formatBytes(bytes), `${formatBytes(Math.round(perSecond))}/s`]),
  ].join("  ");
  const isByBytes = bytes !== undefined && expectedBytes > 0;
  const [done, expected] = isByBytes ? [bytes, expectedBytes] : [count, expectedCount];
  if (expected <= 0) return `${label}  ${step}  ${told}`;
  const share = Math.min(1, done / expected);
  const full = Math.floor(share * cells);
  const bar = `[${"=".repeat(full)}${" ".repeat(cells - full)}] ${Math.floor(share * 100)}%`;
  const rate = ratePerSecond(done, elapsedMs);
  const leftMs = rate > 0 ? (Math.max(0, expected - done) / rate) * 1000 : 0;
  const left = leftMs >= 1000 ? `  ${formatDuration(Math.round(leftMs / 1000) * 1000)} left` : "";
  return `${label}  ${step}  ${bar}  ${told}${left}`;
}

function ratePerSecond(done: number, elapsedMs: number): number {
  return elapsedMs > 0 ? (done / elapsedMs) * 1000 : 0;
}

type Shown = Pick<Output, "progressKind" | "progressLine">;

export class ProgressBar implements Disposable {
  readonly #label: string;
  readonly #out: Shown;
  readonly #nowMs: () => number;
  #step = "";
  /** Of the step; what came before had another rate. */
  #begunMs: number;
  #saidMs: number;

  constructor(label: string, out: Shown, nowMs: () => number = realMonotonicMs) {
    this.#label = label;
    this.#out = out;
    this.#nowMs = nowMs;
    this.#begunMs = nowMs();
    // Lines that nobody waits for begin when work turns out to be long.
    this.#saidMs = out.progressKind === "lines" ? this.#begunMs : Number.NEGATIVE_INFINITY;
  }

  readonly show = (seen: WorkProgress): void => {
    const nowMs = this.#nowMs();
    if (seen.step !== this.#step) [this.#step, this.#begunMs] = [seen.step, nowMs];
    const { progressKind: kind } = this.#out;
    if (nowMs - this.#saidMs < everyMs[kind]) return;
    this.#saidMs = nowMs;
    const elapsedMs = nowMs - this.#begunMs;
    if (kind === "json")
      this.#out.progressLine(JSON.stringify({ kind: "progress", ...seen, elapsedMs }));
    else this.#out.progressLine(plainText(progressText(this.#label, seen, elapsedMs)));
  };

  [Symbol.dispose](): void {
    if (this.#out.progressKind === "live") this.#out.progressLine("");
  }
}

/** The bar is gone again before anything else is said. */
export async function withProgress<T>(
  label: string,
  out: Shown,
  work: (onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  using bar = new ProgressBar(label, out);
  return await work(bar.show);
}
