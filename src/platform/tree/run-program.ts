/**
 * Runs one of the small programs of the system that can do what Node has no call for: extended
 * attributes, pipes and devices, times to the nanosecond. Never through a shell; what it may say
 * and how long it may take is limited, and it speaks English (`LC_ALL=C`).
 */

import { Buffer } from "node:buffer";
import { spawn } from "node:child_process";

export interface ProgramCall {
  readonly command: string;
  readonly args: readonly string[];
  readonly input?: Uint8Array;
  /** Open files of ours that it gets as 3, 4, and so on. */
  readonly descriptors?: readonly number[];
  readonly timeMaxMs?: number;
  readonly outputMaxBytes?: number;
}

export type ProgramEnd =
  | { readonly kind: "missing" }
  /** It could not be started, or was ended because it took or said too much. */
  | { readonly kind: "broken"; readonly reason: string }
  /** What it said is latin1: one character a byte. */
  | { readonly kind: "ended"; readonly status: number; readonly out: string; readonly err: string };

const tenMinutesMs = 600_000;
const sizeMaxBytes = 256 * 1024 * 1024;

export function runProgram({
  command,
  args,
  input = Buffer.alloc(0),
  descriptors = [],
  timeMaxMs = tenMinutesMs,
  outputMaxBytes = sizeMaxBytes,
}: ProgramCall): Promise<ProgramEnd> {
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      stdio: ["pipe", "pipe", "pipe", ...descriptors],
      env: { ...process.env, LC_ALL: "C" },
      timeout: timeMaxMs,
      killSignal: "SIGKILL",
    });
    let bytes = 0;
    const [out, err]: [Buffer[], Buffer[]] = [[], []];
    const keep = (parts: Buffer[]) => (part: Buffer) => {
      bytes += part.length;
      if (bytes > outputMaxBytes) child.kill("SIGKILL");
      else parts.push(part);
    };
    child.stdout?.on("data", keep(out));
    child.stderr?.on("data", keep(err));
    child.on("error", (error: NodeJS.ErrnoException) => {
      resolve(
        error.code === "ENOENT"
          ? { kind: "missing" }
          : { kind: "broken", reason: `${command}: ${error.message}` },
      );
    });
    child.on("close", (status, signal) => {
      if (status === null) resolve({ kind: "broken", reason: `${command} ended by ${signal}` });
      else resolve({ kind: "ended", status, out: textOf(out), err: textOf(err) });
    });
    // Who ends without having read all of it says by its status what that means.
    child.stdin?.on("error", () => undefined);
    child.stdin?.end(input);
  });
}

function textOf(parts: readonly Buffer[]): string {
  return Buffer.concat(parts).toString("latin1");
}
