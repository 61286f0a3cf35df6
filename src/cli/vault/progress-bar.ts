/**
 * Long work, as it goes on: a bar with its rate and the time left where somebody looks, lines of
 * JSON with `--json`, nothing else where nobody does.
 */
import { formatBytes, formatDuration } from "../../kernel/index.ts";
import { realMonotonicMs } from "../../system/index.ts";
import type { Output } from "../output.ts";

export interface Seen {
  readonly files: number;
  readonly bytes: number;
  /** What it will be about, as far as that is known. */
  readonly expectedBytes: number | undefined;
}

const cells = 24;
const [everyMsShown, everyMsWritten] = [100, 1000];

export function progressText(label: string, seen: Seen, elapsedMs: number): string {
  const { bytes, expectedBytes = 0, files } = seen;
  const perSecond = elapsedMs > 0 ? (bytes / elapsedMs) * 1000 : 0;
  const told = `${files} files  ${formatBytes(bytes)}  ${formatBytes(Math.round(perSecond))}/s`;
  if (expectedBytes <= 0) return `${label}  ${told}`;
  const share = Math.min(1, bytes / expectedBytes);
  const full = Math.floor(share * cells);
  const bar = `[${"=".repeat(full)}${" ".repeat(cells - full)}] ${Math.floor(share * 100)}%`;
  const leftMs = perSecond > 0 ? (Math.max(0, expectedBytes - bytes) / perSecond) * 1000 : 0;
  const left = leftMs >= 1000 ? `  ${formatDuration(Math.round(leftMs / 1000) * 1000)} left` : "";
  return `${label}  ${bar}  ${told}${left}`;
}

export class ProgressBar implements Disposable {
  readonly #label: string;
  readonly #out: Output;
  readonly #begunMs = realMonotonicMs();
  #saidMs = Number.NEGATIVE_INFINITY;

  constructor(label: string, out: Output) {
    this.#label = label;
    this.#out = out;
  }

  show(seen: Seen): void {
    const nowMs = realMonotonicMs();
    const { isJson } = this.#out;
    if (nowMs - this.#saidMs < (isJson ? everyMsWritten : everyMsShown)) return;
    this.#saidMs = nowMs;
    const elapsedMs = nowMs - this.#begunMs;
    if (isJson) this.#out.write(JSON.stringify({ kind: "progress", ...seen, elapsedMs }));
    else this.#out.progress(progressText(this.#label, seen, elapsedMs));
  }

  [Symbol.dispose](): void {
    this.#out.progress("");
  }
}
