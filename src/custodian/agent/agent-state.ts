/**
 * What an agent says of itself: over its socket as it is now, and in a file for whoever looks when
 * it has ended.
 *
 * S1. Whatever happens at about the same time is one write; without a change nothing is written.
 * S2. A disk that is full takes no state, and stops nothing.
 */
import { join } from "node:path";
import { realTimers, replaceFile } from "../../system/index.ts";
import type { Suspicion } from "../../vault/index.ts";
import type { DumpNote } from "../dumps/dump-notes.ts";
import type { ToldOutcome } from "./healer.ts";
import type { CheckState } from "./location-checks.ts";
import type { RetentionState } from "./retention.ts";

export interface AgentState {
  readonly pid: number;
  /** `waiting`: there is no vault to work in yet. */
  readonly phase: "waiting" | "starting" | "resting" | "protecting" | "failing" | "frozen";
  /** Why it fails or is frozen. */
  readonly reason: string;
  readonly snapshot: { readonly id: string; readonly atMs: number } | undefined;
  readonly places: readonly {
    readonly location: string;
    readonly holds: boolean;
    readonly reason: string;
  }[];
  /** Disks inside of the sources, with the reason: what they held is kept, and not healed. */
  readonly away: readonly string[];
  /** Runs that ended, whether they wrote a snapshot or found nothing new. */
  readonly snapshots: number;
  readonly suspicions: readonly Suspicion[];
  /** Paths that wait for a verdict, and the first of them. */
  readonly waiting: number;
  readonly missing: readonly string[];
  readonly outcomes: readonly ToldOutcome[];
  readonly watch: string;
  /** What became of each database's dump. */
  readonly dumps: readonly DumpNote[];
  readonly retention: RetentionState;
  /** Of what the locations hold, since this process began. */
  readonly checks: CheckState;
  /** What could not be written into the vault's folder. */
  readonly trouble: string;
}

/** Kept by others, and looked up when it is said. */
type Looked = Pick<
  AgentState,
  "waiting" | "missing" | "outcomes" | "dumps" | "retention" | "checks"
>;
type Told = Omit<AgentState, keyof Looked>;

const fileName = "state.json";
/** What belongs together comes within it. */
const gatherMs = 200;

export class StateTeller implements Disposable {
  readonly #path: string;
  readonly #look: () => Looked;
  #told: Told = {
    pid: process.pid,
    phase: "starting",
    reason: "",
    snapshot: undefined,
    places: [],
    away: [],
    snapshots: 0,
    suspicions: [],
    watch: "",
    trouble: "",
  };
  #written = "";
  #cancel: (() => void) | undefined;

  /** @param look at what others keep */
  constructor(folder: string, look: () => Looked) {
    this.#path = join(folder, fileName);
    this.#look = look;
  }

  get state(): AgentState {
    return { ...this.#told, ...this.#look() };
  }

  tell(change: Partial<Told>): void {
    this.#told = { ...this.#told, ...change };
    this.#cancel ??= realTimers.after(gatherMs, () => this.#write());
  }

  [Symbol.dispose](): void {
    if (this.#cancel !== undefined) this.#write();
  }

  #write(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    const text = JSON.stringify(this.state);
    if (text === this.#written) return;
    try {
      replaceFile(this.#path, text);
      this.#written = text;
    } catch {
      // S2: it is told over the socket still.
    }
  }
}
