/**
 * The proxy's own log: one JSON line per notable event, in a file, because a pipe would tie the
 * proxy's life to its reader's. Bounded twice: two files of at most 1 MiB, and at most
 * `mostLinesPerSecond` so that a flapping upstream cannot keep the disk busy.
 */
import { appendFileSync, renameSync, statSync } from "node:fs";
import type { Clock } from "../../kernel/index.ts";

const mostBytes = 1024 * 1024;
const mostLinesPerSecond = 100;

export interface Log {
  write(event: string, detail?: Readonly<Record<string, unknown>>): void;
}

export class LogFile implements Log {
  private readonly path: string;
  private readonly clock: Clock;
  private sizeBytes: number;
  private second = 0;
  private linesThisSecond = 0;
  private omitted = 0;

  constructor(path: string, clock: Clock) {
    this.path = path;
    this.clock = clock;
    this.sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  }

  write(event: string, detail: Readonly<Record<string, unknown>> = {}): void {
    const atMs = this.clock.now().wallMs;
    const second = Math.floor(atMs / 1000);
    if (second !== this.second) {
      this.second = second;
      this.linesThisSecond = 0;
    }
    this.linesThisSecond += 1;
    if (this.linesThisSecond > mostLinesPerSecond) {
      this.omitted += 1;
      return;
    }
    const omitted = this.omitted === 0 ? {} : { omitted: this.omitted };
    this.omitted = 0;
    const at = new Date(atMs).toISOString();
    this.append(`${JSON.stringify({ at, pid: process.pid, event, ...detail, ...omitted })}\n`);
  }

  private append(line: string): void {
    try {
      if (this.sizeBytes + line.length > mostBytes) {
        renameSync(this.path, `${this.path}.1`);
        this.sizeBytes = 0;
      }
      appendFileSync(this.path, line, { mode: 0o600 });
      this.sizeBytes += line.length;
    } catch {
      // A full disk must not stop the traffic; the next line tries again.
      this.sizeBytes = statSync(this.path, { throwIfNoEntry: false })?.size ?? 0;
    }
  }
}
