/**
 * Reads the critical files in full, within a budget, and finds what changed although nobody wrote.
 *
 * C1. The files of a pass are those that the vault held when it began; each is compared with what
 *     the vault holds when its turn comes.
 * C2. A difference counts only under the marks of the snapshot; anything else is an edit that is
 *     still on its way into one.
 * C3. Where a pass is, is kept across restarts.
 * C4. Between slices nothing runs, and between passes nothing wakes.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { realClock, realTimers, replaceFile } from "../../system/index.ts";
import {
  planScrub,
  type RawPath,
  type ScrubFile,
  type ScrubPosition,
  type StoredSnapshot,
} from "../../vault/index.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import { blobSizes, compareContent } from "./compare-content.ts";
import type { Losses } from "./losses.ts";
import { nodeAt, nodesBelow } from "./snapshot-trees.ts";

export interface ScrubberOptions {
  readonly world: AgentWorld;
  readonly limits: AgentLimits;
  readonly losses: Losses;
  readonly signal: AbortSignal;
  readonly last: () => StoredSnapshot | undefined;
  /** Rot was found, and waits. */
  readonly onFound: (path: RawPath) => void;
}

const notesName = "scrub.json";

export class Scrubber implements AsyncDisposable {
  readonly #options: ScrubberOptions;
  readonly #path: string;
  #position: ScrubPosition | undefined;
  #files: readonly ScrubFile[] | undefined;
  #cancel: () => void = () => {};
  #running: Promise<void> = Promise.resolve();
  readBytes = 0;

  constructor(options: ScrubberOptions) {
    this.#options = options;
    this.#path = join(options.world.folder, notesName);
    this.#position = readPosition(this.#path);
  }

  /** From now on until it is disposed of. */
  begin(): void {
    const { limits, signal } = this.#options;
    if (signal.aborted) return;
    this.#cancel = realTimers.after(this.#restMs(limits), () => {
      this.#running = this.#slice()
        .catch(() => {})
        .then(() => this.begin());
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    await this.#running;
  }

  #restMs({ scrubMs, scrubSliceMs }: AgentLimits): number {
    const position = this.#position;
    if (position === undefined || position.next !== undefined) return scrubSliceMs;
    const dueMs = position.passFromMs + scrubMs / 2 - realClock.now().wallMs;
    return Math.min(Math.max(scrubSliceMs, dueMs), scrubMs);
  }

  async #slice(): Promise<void> {
    const { last, limits, signal } = this.#options;
    const snapshot = last();
    if (snapshot === undefined || signal.aborted) return;
    const position = this.#position;
    if (this.#files === undefined || position?.next === undefined) {
      this.#files = await this.#filesOf(snapshot);
    }
    const plan = planScrub(this.#files, position, {
      everyMs: limits.scrubMs,
      budgetBytesPerSecond: limits.scrubBytesPerSecond,
      nowMs: realClock.now().wallMs,
      sliceMs: limits.scrubSliceMs,
    });
    for (const read of plan.reads) {
      signal.throwIfAborted();
      await this.#read(read.path, [read.fromBlob, read.toBlob]);
      this.readBytes += read.sizeBytes;
    }
    this.#position = plan.position;
    replaceFile(this.#path, JSON.stringify(plan.position));
  }

  async #filesOf({ tree }: StoredSnapshot): Promise<readonly ScrubFile[]> {
    const { signal, world } = this.#options;
    const { index, trees } = world.vault;
    const files: ScrubFile[] = [];
    for await (const { node, path } of nodesBelow(tree, "/" as RawPath, { trees, signal })) {
      if (node.kind !== "file" || !world.isCritical(path)) continue;
      const blobBytes = blobSizes(node, index);
      if (blobBytes !== undefined) files.push({ path, blobBytes });
    }
    return files.toSorted((a, b) => (a.path < b.path ? -1 : 1));
  }

  async #read(path: RawPath, [fromBlob, toBlob]: readonly [number, number]): Promise<void> {
    const { last, losses, onFound, signal, world } = this.#options;
    const { id: snapshot, tree } = last() ?? {};
    if (snapshot === undefined || tree === undefined) return;
    const { index, trees } = world.vault;
    const expected = await nodeAt(tree, path, { trees, signal });
    const entry = world.source.look(path);
    if (expected?.kind !== "file" || entry?.kind !== "file") return;
    const isMarked =
      entry.ctimeNs === expected.ctimeNs &&
      entry.mtimeNs === expected.mtimeNs &&
      entry.inode === expected.inode &&
      entry.sizeBytes === expected.sizeBytes;
    if (!isMarked) return;
    const range = { index, fromBlob, toBlob: Math.min(toBlob, expected.content.length) };
    const content = await compareContent(path, expected, range).catch(() => "unread" as const);
    if (content === "same" || content === "unread") return;
    const { wallMs } = realClock.now();
    losses.add({
      path,
      expected,
      tree,
      snapshot,
      foundMs: wallMs,
      isRot: true,
      mount: losses.mounts.before(path),
    });
    onFound(path);
  }
}

function readPosition(path: string): ScrubPosition | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as ScrubPosition;
  } catch {
    // A pass begins anew.
    return undefined;
  }
}
