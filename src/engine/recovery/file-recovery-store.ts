/**
 * Failures and attempts as lines of JSON in a file, each on the disk before it is acted upon. Full,
 * the file becomes `<name>.1` and a new one begins; what a crash left half written is skipped.
 * Processes that share the file write one after the other, so that no generation is lost.
 */
import { mkdirSync, readFileSync } from "node:fs";
import { type FileHandle, open, rename } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import {
  checkArgument,
  checkOptions,
  optionsOf,
  textOption,
  wholeOption,
} from "../../kernel/index.ts";
import { realTools } from "../real-tools.ts";
import { takeTurn } from "../take-turn.ts";
import type { ActionRow, FailureRow } from "./failure.ts";
import type { RecoveryRecords, RecoveryStore } from "./recovery-store.ts";

const shape = optionsOf({ maxBytes: wholeOption({ min: 1, max: 2 ** 50 }) });
const bytesMax = 10 * 1024 * 1024;

type Line =
  | { readonly kind: "failure"; readonly row: FailureRow }
  | { readonly kind: "action"; readonly row: ActionRow };

/**
 * A store in one file of JSON lines, bounded by `maxBytes` for each of two generations. Processes
 * of one machine may share it; on a system without /proc give each a file of its own.
 */
export function fileRecoveryStore(
  path: string,
  options: { readonly maxBytes?: number } = {},
): RecoveryStore {
  checkArgument(["fileRecoveryStore", "path"], path, textOption({ max: 4096 }));
  const { maxBytes = bytesMax } = checkOptions("fileRecoveryStore", options, shape);
  const file = resolve(path);
  /** One after the other. */
  let last: Promise<unknown> = Promise.resolve();

  function append(line: Line): Promise<void> {
    const next = last.then(() => write(file, `${JSON.stringify(line)}\n`, maxBytes));
    last = next.catch(() => undefined);
    return next;
  }

  return {
    name: `file ${file}`,
    putFailure: (row) => append({ kind: "failure", row }),
    putAction: (row) => append({ kind: "action", row }),
    async read() {
      await last;
      const newer = linesOf(file);
      // Second: what becomes the older generation meanwhile is read twice, and not left out.
      return fold([...linesOf(`${file}.1`), ...newer]);
    },
    async close() {
      await last;
    },
  };
}

async function write(file: string, line: string, maxBytes: number): Promise<void> {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const turn = await takeTurn(`${file}.lock`, realTools);
  let handle: FileHandle | undefined;
  try {
    handle = await open(file, "a", 0o600);
    const { size } = await handle.stat();
    if (size > 0 && size + Buffer.byteLength(line) > maxBytes) {
      await handle.close();
      await rename(file, `${file}.1`);
      handle = await open(file, "a", 0o600);
    }
    // After a crash the last line may have no end.
    const isWhole = size === 0 || (await endsWell(file));
    await handle.appendFile(isWhole ? line : `\n${line}`);
    await handle.datasync();
  } finally {
    await handle?.close();
    turn?.release();
  }
}

async function endsWell(file: string): Promise<boolean> {
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    if (size === 0) return true;
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, size - 1);
    return buffer[0] === 10;
  } finally {
    await handle.close();
  }
}

function linesOf(file: string): readonly string[] {
  try {
    return readFileSync(file, "utf8").split("\n");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
}

function fold(lines: readonly string[]): RecoveryRecords {
  const failures = new Map<string, FailureRow>();
  const actions = new Map<string, ActionRow>();
  for (const text of lines) {
    const line = parsed(text);
    if (line?.kind === "failure") failures.set(line.row.eventId, line.row);
    else if (line?.kind === "action") actions.set(line.row.actionId, line.row);
  }
  return { failures: [...failures.values()], actions: [...actions.values()] };
}

function parsed(text: string): Line | undefined {
  try {
    const line = JSON.parse(text) as Partial<Line> | null;
    return typeof line?.row === "object" ? (line as Line) : undefined;
  } catch {
    // The end of the file, or half a line.
    return undefined;
  }
}
