/**
 * Finds files that were left empty: what had a content before, and scripts that never got one. A
 * file is looked at again after a while, because many are made empty first and filled then. Logs
 * may be emptied.
 */
import type { StatSyncOptions } from "node:fs";
import { basename, extname } from "node:path";
import type { Writable } from "node:stream";
import type { Tools } from "../../../resilience/index.ts";
import type { SilentError } from "../../events.ts";
import { type Findings, linesOf, placeHere } from "./findings.ts";
import { pathKey } from "./path-key.ts";
import { isNothing, wishOf } from "./written-data.ts";

const lookAgainMs = 1000;
const waitingMax = 256;
/** A stream that nobody ends is not waited for any longer. */
const looksMax = 60;
const scripts: ReadonlySet<string> = new Set(
  ".sh .bash .zsh .js .mjs .cjs .ts .mts .py .rb .pl .php".split(" "),
);
const executable = 0o111;

/** Node's own, from before the patch. */
export type SizeOf = (path: string, options: StatSyncOptions) => { size: number } | undefined;

interface Suspect {
  readonly operation: string;
  readonly path: string;
  readonly beforeBytes: number | undefined;
  readonly place: { readonly stack?: string };
  readonly stream?: WeakRef<Writable>;
}

export class EmptyWatch {
  readonly #tools: Tools;
  readonly #findings: Findings;
  readonly #stat: SizeOf;
  #waiting = 0;

  constructor(tools: Tools, findings: Findings, stat: SizeOf) {
    this.#tools = tools;
    this.#findings = findings;
    this.#stat = stat;
  }

  /** Before nothing at all is written. */
  write(operation: string, [target, data, options]: readonly unknown[]): void {
    if (isNothing(data)) this.#watch(operation, target, { options });
  }

  /** Before a stream empties the file; the returned function is told the stream. */
  stream(operation: string, [target, options]: readonly unknown[]): (made: Writable) => void {
    const sizeBytes = this.#sizeOf(pathKey(target) ?? "");
    return (made) => {
      this.#watch(operation, target, { options, stream: new WeakRef(made), sizeBytes });
    };
  }

  #watch(
    operation: string,
    target: unknown,
    {
      options,
      stream,
      sizeBytes,
    }: Partial<Record<"options", unknown>> & {
      readonly stream?: WeakRef<Writable>;
      readonly sizeBytes?: number | undefined;
    },
  ): void {
    const path = pathKey(target);
    const wish = wishOf(options, "w");
    if (path === undefined || wish === undefined || !wish.flag.startsWith("w")) return;
    if (extname(path) === ".log" || this.#waiting >= waitingMax) return;
    const beforeBytes = stream === undefined ? this.#sizeOf(path) : sizeBytes;
    if (beforeBytes === 0) return;
    if (beforeBytes === undefined && !isScript(path, wish.mode)) return;
    const place = placeHere();
    this.#lookLater({ operation, path, beforeBytes, place, ...(stream && { stream }) }, 1);
  }

  #lookLater(suspect: Suspect, look: number): void {
    this.#waiting += 1;
    this.#tools.background.after(lookAgainMs, () => {
      this.#waiting -= 1;
      const stream = suspect.stream?.deref();
      const isOpen = stream !== undefined && !stream.closed && !stream.destroyed;
      if (isOpen && look < looksMax) this.#lookLater(suspect, look + 1);
      else if (this.#sizeOf(suspect.path) === 0) this.#tell(suspect);
    });
  }

  #tell({ operation, path, beforeBytes, place }: Suspect): void {
    const writer = linesOf(place);
    const what =
      beforeBytes === undefined
        ? "a script was made without a content"
        : `${beforeBytes} bytes were replaced by nothing`;
    const finding: SilentError = {
      operation,
      type: "empty_write",
      reason: `${path} is empty: ${what}`,
      evidence: {
        path,
        ...(beforeBytes === undefined ? {} : { beforeBytes }),
        writer,
        fix: "await what makes the content before you write it",
      },
    };
    this.#findings.tell(finding, [writer[0] ?? path], path);
  }

  #sizeOf(path: string): number | undefined {
    try {
      return path === "" ? undefined : this.#stat(path, { throwIfNoEntry: false })?.size;
    } catch {
      return undefined;
    }
  }
}

/** Python's packages are marked by an empty file. */
function isScript(path: string, mode: number | undefined): boolean {
  if (basename(path) === "__init__.py") return false;
  return scripts.has(extname(path)) || ((mode ?? 0) & executable) !== 0;
}
