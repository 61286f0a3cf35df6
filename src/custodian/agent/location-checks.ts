/**
 * Reads what the locations hold, all day, a little at a time, so that everything was read once
 * within some weeks; what is damaged in one of them is mended from another at once.
 *
 * C1. Between two small parts no lock is held and nothing runs, and it is never faster than its
 *     budget.
 * C2. Where it is, and when it goes on, is kept across restarts: an agent that is often started
 *     anew reads as much as another one.
 * C3. What was found is in the trail and in the vault's state, mended or not.
 * C4. A location that was away when its turn came is read in a pass of its own behind that one.
 * C5. What fails is told, and the next part comes all the same.
 */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { realTimers, replaceFile } from "../../system/index.ts";
import {
  listStored,
  type SampleOutcome,
  type StoredFile,
  sample,
  type VaultEvent,
  withSession,
} from "../../vault/index.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import type { Books } from "./books.ts";
import { survives } from "./survives.ts";
import type { Turns } from "./turns.ts";

export interface LocationChecksOptions {
  readonly world: Pick<AgentWorld, "folder" | "vault">;
  readonly limits: Pick<
    AgentLimits,
    "checkBytesPerSecond" | "checkPartBytes" | "checkPauseMs" | "checkWithinMs"
  >;
  readonly books: Pick<Books, "note" | "record">;
  readonly turns: Turns;
  readonly signal: AbortSignal;
  readonly onEnd: () => void;
}

export interface CheckState {
  readonly readBytes: number;
  readonly damaged: number;
  readonly mended: number;
  /** Why the last part was not read; empty when it was. */
  readonly reason: string;
}

interface Position {
  /** Of the file that comes next; empty: a pass begins. */
  readonly next: string;
  readonly dueMs: number;
  /** Locations that this pass is for; empty: all. */
  readonly only: readonly string[];
  /** Locations of which it could not read everything. */
  readonly missed: readonly string[];
}

const notesName = "checks.json";
const longestMs = 86_400_000;
/** A pass is over before its time is. */
const spare = 0.8;
/** What is beyond it comes up once more, or in its turn. */
const lookingMax = 100;
/** An entry of the trail has room for so many. */
const namedMax = 30;

export class LocationChecks implements AsyncDisposable {
  readonly #options: LocationChecksOptions;
  readonly #path: string;
  #position: Position;
  #files: readonly StoredFile[] | undefined;
  #state: CheckState = { readBytes: 0, damaged: 0, mended: 0, reason: "" };
  /** What somebody stumbled over and is not looked at yet. */
  readonly #looking = new Set<string>();
  #cancel: () => void = () => {};
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: LocationChecksOptions) {
    this.#options = options;
    this.#path = join(options.world.folder, notesName);
    this.#position = readPosition(this.#path);
  }

  get state(): CheckState {
    return this.#state;
  }

  /** From now on until it is disposed of. */
  begin(): void {
    const { limits, signal } = this.#options;
    if (signal.aborted) return;
    const restMs = this.#position.dueMs - this.#nowMs();
    const delayMs = Math.min(Math.max(restMs, limits.checkPauseMs), longestMs);
    this.#cancel = realTimers.after(delayMs, () => {
      const part = survives(() => this.#part(), this.#fail).then(() => this.begin());
      this.#running = Promise.all([this.#running, part]);
    });
  }

  /** Somebody stumbled over it: it is looked at now. */
  look(file: Omit<StoredFile, "sizeBytes">): void {
    const key = keyOf(file);
    if (this.#looking.has(key) || this.#looking.size >= lookingMax) return;
    this.#looking.add(key);
    const look = this.#sample([file]).finally(() => this.#looking.delete(key));
    this.#running = Promise.all([this.#running, look]);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#cancel();
    await this.#running;
  }

  async #part(): Promise<void> {
    const { next: from, only } = this.#position;
    const missed = new Set(this.#position.missed);
    this.#files ??= await this.#list(missed);
    const files = this.#files;
    const begin = files.findIndex((file) => keyOf(file) >= from);
    const part: StoredFile[] = [];
    let sizeBytes = 0;
    for (const file of begin < 0 ? [] : files.slice(begin)) {
      if (sizeBytes >= this.#options.limits.checkPartBytes) break;
      part.push(file);
      sizeBytes += file.sizeBytes;
    }
    const outcome = await this.#sample(part);
    if (outcome === undefined) return;
    const gone = [...new Set([...missed, ...outcome.missed])];
    const next = begin < 0 ? undefined : files[begin + part.length];
    // The next pass begins with what is there then.
    if (next === undefined) this.#files = undefined;
    const totalBytes = files.reduce((sum, file) => sum + file.sizeBytes, 0);
    const restMs = this.#restMs(sizeBytes, totalBytes);
    const dueMs = this.#nowMs() + restMs;
    this.#position =
      next === undefined
        ? { next: "", dueMs, only: only.length === 0 ? gone : [], missed: [] }
        : { next: keyOf(next), dueMs, only, missed: gone };
    replaceFile(this.#path, JSON.stringify(this.#position));
  }

  /** In the order of the pass. */
  async #list(missed: Set<string>): Promise<readonly StoredFile[]> {
    const { only } = this.#position;
    return await this.#inTurn(async (session) => {
      const stored = await listStored(session);
      for (const { name, takesPart } of session.vault.places) if (!takesPart) missed.add(name);
      return stored
        .filter(({ location }) => only.length === 0 || only.includes(location))
        .toSorted((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
    });
  }

  #restMs(sizeBytes: number, totalBytes: number): number {
    const { checkBytesPerSecond, checkWithinMs } = this.#options.limits;
    const evenly = (sizeBytes / Math.max(1, totalBytes)) * checkWithinMs * spare;
    return Math.max(evenly, (sizeBytes * 1000) / checkBytesPerSecond);
  }

  /** Undefined: it could not be read, and comes again. */
  async #sample(
    files: readonly Omit<StoredFile, "sizeBytes">[],
  ): Promise<SampleOutcome | undefined> {
    try {
      const outcome = await this.#inTurn((session) => sample(session, files));
      const { damage, readBytes } = outcome;
      const mended = damage.filter(({ isMended }) => isMended).length;
      this.#state = {
        readBytes: this.#state.readBytes + readBytes,
        damaged: this.#state.damaged + damage.length,
        mended: this.#state.mended + mended,
        reason: "",
      };
      if (damage.length > 0) await this.#record(outcome);
      return outcome;
    } catch (error) {
      this.#fail(messageOf(error));
      return undefined;
    } finally {
      this.#options.onEnd();
    }
  }

  async #record({ damage }: SampleOutcome): Promise<void> {
    const { books } = this.#options;
    const files = damage
      .slice(0, namedMax)
      .map(({ id, kind, location, reason }) => ({ location, kind, id, problem: reason }));
    await books.record("damage-found", { count: damage.length, files });
    const mended = damage.filter(({ isMended }) => isMended);
    if (mended.length > 0) {
      const repairs = mended
        .slice(0, namedMax)
        .map(({ id, kind, location }) => ({ location, kind, id }));
      await books.record("repaired", { count: mended.length, files: repairs });
    }
    const at = Math.floor(this.#nowMs());
    const events = damage.flatMap(({ id, isMended, kind, location, reason }): VaultEvent[] => [
      { kind: "damage", damage: { at, location, kind, id, reason } },
      ...(isMended ? [{ kind: "repaired" as const, location, id }] : []),
    ]);
    await books.note(events);
  }

  #inTurn<T>(work: Parameters<typeof withSession<T>>[2]): Promise<T> {
    const { signal, turns, world } = this.#options;
    return turns.run(() => withSession(world.vault, { isExclusive: false, signal }, work));
  }

  readonly #fail = (reason: string): void => {
    this.#state = { ...this.#state, reason };
  };

  #nowMs(): number {
    return this.#options.world.vault.surroundings.clock.now().wallMs;
  }
}

/** Packs have names of chance: whatever part of them is read is a sample of all. */
function keyOf({ id, kind, location }: Omit<StoredFile, "sizeBytes">): string {
  return `${id} ${kind} ${location}`;
}

function readPosition(path: string): Position {
  const none: Position = { next: "", dueMs: 0, only: [], missed: [] };
  if (!existsSync(path)) return none;
  try {
    return { ...none, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Position>) };
  } catch {
    // A pass begins anew.
    return none;
  }
}
