/**
 * The half of an agent that heals: what is found lost or rotten is judged by what is known of it,
 * and put back or asked about.
 *
 * What it knows is gathered as it happens: when something last changed in a folder, where git stood
 * before, and what people accepted.
 */
import { dirname } from "node:path";
import { realClock } from "../../system/index.ts";
import { isInside, type RawPath, rawPathOfText, withSession } from "../../vault/index.ts";
import { acceptDumps } from "../dumps/accept-dumps.ts";
import { databasePath } from "../dumps/take-dumps.ts";
import { acceptLastRun } from "../last-run.ts";
import { AcceptanceFile } from "./acceptance-file.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import { Alarm } from "./alarm.ts";
import type { Books } from "./books.ts";
import type { FactSources } from "./gather-facts.ts";
import { GitMemory } from "./git-memory.ts";
import { createHealWorld } from "./heal-world.ts";
import { Healer, type ToldOutcome } from "./healer.ts";
import type { Losses } from "./losses.ts";
import type { Protector } from "./protector.ts";
import { provenNsOf } from "./proven.ts";
import { Scrubber } from "./scrubber.ts";
import { settledLosses } from "./settled-losses.ts";
import { survives } from "./survives.ts";
import type { Turns } from "./turns.ts";

export interface HealSideOptions {
  readonly world: AgentWorld;
  readonly limits: AgentLimits;
  readonly losses: Losses;
  readonly protector: Protector;
  readonly books: Books;
  readonly turns: Turns;
  readonly signal: AbortSignal;
  readonly protectedFiles: () => number;
  /** Something was judged. */
  readonly onSettled: () => void;
  /** Something that nobody waits for failed; it is done again with the next change. */
  readonly onFailure: (reason: string) => void;
}

const quietFoldersMax = 20_000;

export class HealSide implements AsyncDisposable {
  readonly #options: HealSideOptions;
  readonly #git: GitMemory;
  readonly #acceptances: AcceptanceFile;
  readonly #healer: Healer;
  readonly #scrubber: Scrubber;
  readonly #gitAlarm = new Alarm();
  /** When something last changed in a folder, by the monotonic clock. */
  readonly #changedMs = new Map<RawPath, number>();

  constructor(options: HealSideOptions) {
    const { books, limits, losses, onSettled, protector, signal, world } = options;
    this.#options = options;
    this.#git = new GitMemory(world);
    this.#acceptances = new AcceptanceFile(world.folder);
    this.#healer = new Healer({
      limits,
      losses,
      books,
      signal,
      ports: (record) =>
        createHealWorld({ facts: this.#factSources(), aside: limits.aside, record }),
      onSettled: () => {
        // What is not written down is judged again by the next process.
        void survives(() => losses.save(), options.onFailure);
        onSettled();
        this.#renewGit();
      },
    });
    this.#scrubber = new Scrubber({
      world,
      limits,
      losses,
      signal,
      last: () => protector.last,
      onFound: () => this.#healer.wake(),
    });
  }

  get outcomes(): readonly ToldOutcome[] {
    return this.#healer.outcomes;
  }

  /** Something changed in these folders. */
  heard(folders: readonly RawPath[]): void {
    const nowMs = realClock.now().monotonicMs;
    for (const folder of folders) this.#changedMs.set(folder, nowMs);
    if (this.#changedMs.size > quietFoldersMax) this.#changedMs.clear();
    this.#git.note(folders, nowMs);
  }

  /** Everything below may have changed. */
  doubted(root: RawPath): void {
    this.#git.note([root], realClock.now().monotonicMs);
  }

  /** Losses were looked for. */
  wake(): void {
    this.#healer.wake();
    this.#renewGit();
  }

  /**
   * @returns whether a disk that is away was accepted as well
   * @throws SoulMirrorError OPTIONS_INVALID for too long a time, or one too many
   */
  async accept(path: string, forMs: number | undefined): Promise<boolean> {
    const accepted = rawPathOfText(path);
    const { books, losses, turns, world } = this.#options;
    await this.#acceptances.add(accepted, forMs);
    const isOther = losses.mounts.accept(accepted);
    if (isOther) losses.save();
    await books.record("accepted", { path });
    await books.accept(accepted);
    // No run is under way, which would write down what it was compared with itself.
    const isAccepted = (source: string): boolean => isInside(rawPathOfText(source), accepted);
    await turns.run(() => acceptLastRun(world.vaultFolder, isAccepted));
    await acceptDumps({
      dumps: world.dumps,
      vaultFolder: world.vaultFolder,
      isAccepted: (dump) => {
        const database = databasePath(dump);
        return database !== undefined && isAccepted(database);
      },
    });
    const settled = await settledLosses(world.vaultFolder, path);
    if (settled.length > 0) await books.note(settled);
    return isOther;
  }

  /** Reads what is critical, from now on. */
  begin(): void {
    this.#scrubber.begin();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#gitAlarm[Symbol.dispose]();
    await this.#scrubber[Symbol.asyncDispose]();
    await this.#healer[Symbol.asyncDispose]();
  }

  #renewGit(): void {
    const { limits, losses, onFailure, signal } = this.#options;
    this.#gitAlarm[Symbol.dispose]();
    const nowMs = realClock.now().monotonicMs;
    const planNext = (nextMs: number | undefined): void => {
      if (nextMs === undefined || signal.aborted) return;
      this.#gitAlarm.set(nextMs, () => this.#renewGit());
    };
    const quietMs = limits.gitQuietMs;
    const renewed = (): Promise<number | undefined> =>
      this.#git.renew(losses.waiting, { nowMs, quietMs });
    void survives(() => renewed().then(planNext), onFailure);
  }

  #factSources(): FactSources {
    const { losses, protectedFiles, signal, turns, world } = this.#options;
    return {
      world,
      losses,
      git: this.#git,
      signal,
      quietMsOf: (path) => {
        const at = this.#changedMs.get(dirname(path) as RawPath);
        return at === undefined ? Number.POSITIVE_INFINITY : realClock.now().monotonicMs - at;
      },
      isAccepted: (path) => this.#acceptances.holds(path),
      recentHealsOf: (path) => this.#healer.recentHealsOf(path),
      protectedFiles,
      // Rot is rare: then all snapshots are asked.
      provenNsOf: (loss) =>
        turns.run(() =>
          withSession(world.vault, { isExclusive: false, signal }, (session) =>
            provenNsOf(loss, session),
          ),
        ),
    };
  }
}
