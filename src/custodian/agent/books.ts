/**
 * What an agent writes into the folder of the vault, where others write as well: the audit trail,
 * the state that the daemon reads, and when each snapshot came.
 *
 * K1. One piece at a time. While another process holds the vault or its trail, it is waited for, up
 *     to a limit; snapshots are made meanwhile.
 * K2. Runs that are like the one before are told at most once in a while, and the last of them is
 *     told in any case.
 */
import { type JsonRecord, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { realClock, realTimers } from "../../system/index.ts";
import type {
  Arrivals,
  AuditKind,
  Doubt,
  Doubts,
  RawPath,
  StoredSnapshot,
  VaultEvent,
} from "../../vault/index.ts";
import { type EndedRun, noteRun } from "../note-run.ts";
import { arrivalNow, openArrivals, openDoubts } from "../retention-records.ts";
import { noteInState } from "../state-file.ts";
import { claimVault } from "../vault-folder.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import { Turns } from "./turns.ts";

type ArrivedNow = Parameters<Arrivals["add"]>[0][number];

export interface BooksOptions {
  readonly world: Pick<AgentWorld, "record" | "vaultFolder" | "vault">;
  readonly limits: Pick<AgentLimits, "notesMs" | "waitMs">;
  readonly signal: AbortSignal;
  /** Something could not be written. */
  readonly onFailure: (reason: string) => void;
}

const pauseMs = 500;
const arrivedMax = 10_000;
const heldCodes: readonly string[] = ["VAULT_LOCKED", "DATA_DIRECTORY_HELD"];

export class Books implements AsyncDisposable {
  readonly #options: BooksOptions;
  readonly #turns = new Turns();
  readonly #arrived: ArrivedNow[] = [];
  #run: EndedRun | undefined;
  #told = "";
  #cancel: (() => void) | undefined;
  #writing: Promise<unknown> = Promise.resolve();

  constructor(options: BooksOptions) {
    this.#options = options;
  }

  /** Durable when it resolves. */
  record(kind: AuditKind, facts: JsonRecord): Promise<void> {
    return this.alone(() => this.#options.world.record(kind, facts));
  }

  /** The same, and nobody waits for it. */
  later(kind: AuditKind, facts: JsonRecord): void {
    this.#behind(this.record(kind, facts));
  }

  note(events: readonly VaultEvent[]): Promise<void> {
    const { vaultFolder } = this.#options.world;
    return this.claimed(() => noteInState(vaultFolder, Math.floor(realClock.now().wallMs), events));
  }

  noteLater(events: readonly VaultEvent[]): void {
    this.#behind(this.note(events));
  }

  /** Nothing is forgotten from now on, until a person has looked. Durable when it resolves. */
  doubt(doubt: Doubt): Promise<void> {
    return this.#ofDoubts((doubts) => doubts.add(doubt));
  }

  /** What was doubted of it, and of all below it, is as a person wants it. */
  accept(path: RawPath): Promise<void> {
    return this.#ofDoubts((doubts) => doubts.accept(path));
  }

  #ofDoubts(work: (doubts: Doubts) => Promise<void>): Promise<void> {
    const { vault, vaultFolder } = this.#options.world;
    return this.claimed(async () => await work(await openDoubts(vaultFolder, vault.codec)));
  }

  /** K1, for work that claims the vault itself. */
  alone<T>(work: () => Promise<T>): Promise<T> {
    return this.#turns.run(() => this.#patiently(work));
  }

  /** K1, with the vault claimed. */
  claimed<T>(work: () => Promise<T>): Promise<T> {
    return this.alone(async () => {
      await using held = new AsyncDisposableStack();
      held.use(claimVault(this.#options.world.vaultFolder));
      return await work();
    });
  }

  /** K2. */
  ended(run: EndedRun): void {
    this.#run = run;
    const isNew = whatIsSaid(run) !== this.#told;
    this.#plan(isNew ? 0 : this.#options.limits.notesMs);
  }

  /** A snapshot was written, or found to be as all is, now. */
  arrived(snapshot: StoredSnapshot, marks: Pick<ArrivedNow, "isComplete" | "isSuspect">): void {
    const { wallMs } = this.#options.world.vault.surroundings.clock.now();
    this.#arrived.push({ snapshot, moment: arrivalNow(wallMs), ...marks });
    if (this.#arrived.length > arrivedMax) this.#arrived.shift();
    this.#plan(this.#options.limits.notesMs);
  }

  /** All that waits is written when it resolves. */
  async flush(): Promise<void> {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#write();
    await this.#writing;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.flush();
  }

  #plan(delayMs: number): void {
    if (delayMs === 0) this.#cancel?.();
    else if (this.#cancel !== undefined) return;
    this.#cancel = realTimers.after(delayMs, () => {
      this.#cancel = undefined;
      this.#write();
    });
  }

  #write(): void {
    const { world } = this.#options;
    if (this.#run === undefined && this.#arrived.length === 0) return;
    const written = this.claimed(async () => {
      const arrivals = await openArrivals(world.vaultFolder, world.vault.codec);
      // Retention looks at all that lies there first.
      if (!arrivals.isNew) await this.addArrived(arrivals);
      const run = this.#run;
      if (run === undefined) return;
      const changes = await noteRun(world.vaultFolder, run);
      for (const { kind, location } of changes) await world.record(kind, { location });
      this.#told = whatIsSaid(run);
      if (this.#run === run) this.#run = undefined;
    });
    this.#behind(written);
  }

  #behind(work: Promise<unknown>): void {
    const { onFailure } = this.#options;
    const written = work.catch((error: unknown) => onFailure(messageOf(error)));
    this.#writing = Promise.all([this.#writing, written]);
  }

  /** What arrived and was not recorded yet, for who holds the vault. */
  async addArrived(arrivals: Arrivals): Promise<void> {
    const arrived = [...this.#arrived];
    if (arrived.length === 0) return;
    await arrivals.add(arrived);
    this.#arrived.splice(0, arrived.length);
  }

  /** While somebody else has it, it is tried again. */
  async #patiently<T>(work: () => Promise<T>): Promise<T> {
    const { limits, signal } = this.#options;
    const untilMs = realClock.now().monotonicMs + limits.waitMs;
    for (;;) {
      try {
        return await work();
      } catch (error) {
        const isHeld = error instanceof SoulMirrorError && heldCodes.includes(error.code);
        if (!isHeld || signal.aborted || realClock.now().monotonicMs > untilMs) throw error;
      }
      await pauseUnless(signal);
    }
  }
}

function whatIsSaid({ isQuorum, places, reason, suspicions }: EndedRun): string {
  return JSON.stringify({ isQuorum, places, reason, suspicions });
}

function pauseUnless(signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const cancel = realTimers.after(pauseMs, resolve);
  const end = (): void => {
    cancel();
    resolve();
  };
  signal.addEventListener("abort", end, { once: true });
  return promise.finally(() => signal.removeEventListener("abort", end));
}
