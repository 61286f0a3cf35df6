/**
 * What a fault is, what it may touch, and what it leaves in the hands of the drill.
 *
 * Faults are real: they signal, fill, block and confuse processes that somebody may need. So:
 * F1. An undo that runs in a process of its own is armed before the blow (`Scene.arm`).
 * F2. A blow lands only on a process whose pid, start and boot are those that were recorded, on
 *     files that the fleet file names, or on things that the fault made itself.
 * F3. What cannot be done honestly on this machine is refused with a reason, never pretended.
 */
import type { ServiceSpec } from "../config/index.ts";
import type { Clock, Random } from "../kernel/index.ts";
import type { FailureType, ProcessIdentity } from "../model/index.ts";
import type { StartCommand } from "./start-process.ts";
import type { UndoRecipe } from "./undo-recipe.ts";

export interface Fault {
  /** As in the catalogue of faults: `P1`, `M3`, ... */
  readonly id: string;
  readonly title: string;
  /** Nothing exits and nothing throws: only looking finds it. */
  readonly silent: boolean;
  /** A control must not be noticed: nothing may be reported or done. */
  readonly control: boolean;
  /** The service that it strikes; `daemon` for the supervisor, `machine` for what is around. */
  readonly strikes: string;
  /** Types of failure that count as the right diagnosis; none: it need not be reported. */
  readonly diagnosis: readonly FailureType[];
  /** Strategies that come first, cannot help it, and must be taken back before one that can. */
  readonly inVain?: readonly string[];
  /** Strategies that may heal it; none: it heals without an action. */
  readonly healedBy: readonly string[];
  /** Longest time until a clean window may begin. */
  readonly healWithinMs: number;
  /**
   * So long it lasts: then the drill calls `undo`, and the time to heal counts from there. Without
   * it the fault stays until it is healed.
   */
  readonly lastsMs?: number;
  /** Why it cannot be injected here, in one sentence. */
  unavailable?(scene: Scene): Promise<string | undefined>;
  inject(scene: Scene): Promise<Injection>;
}

export interface Injection {
  /** Wall milliseconds at which the blow landed. */
  readonly at: number;
  /** "SIGKILL to pid 123" */
  readonly what: string;
  /** Takes it away and disarms the independent undo. Calling it again does nothing. */
  undo(): Promise<void>;
  /**
   * What the request ledger cannot tell, asked after the healing: why it is not so, if it is not.
   */
  proof?(): Promise<string | undefined>;
}

export type Disarm = () => Promise<void>;

/** One process of a service, as the daemon's API reports it. */
export interface ServiceProcess {
  /** `trust-engine.2` */
  readonly instance: string;
  readonly process: ProcessIdentity;
  /** Where it listens itself, behind the front proxy. */
  readonly port?: number;
}

/** What faults want to know of how a service is configured. */
export type StruckSpec = Pick<ServiceSpec, "cwd" | "env" | "listen" | "limits" | "hooks">;

/** The fleet under the drill. The drill makes it; faults reach the world only through it. */
export interface Scene {
  /** The fleet as it is configured, everything resolved; a `Fleet` will do. */
  readonly fleet: { readonly services: Readonly<Record<string, StruckSpec>> };
  /** The very file that the daemon reads; faults change it and put its bytes back. */
  readonly fleetFile: string;
  /** The daemon's data directory (`--data`). */
  readonly dataDirectory: string;
  /** The folder of the example. */
  readonly directory: string;
  readonly clock: Clock;
  readonly random: Random;
  processes(service: string): Promise<readonly ServiceProcess[]>;
  frontPort(service: string): number;
  daemon(): ProcessIdentity;
  /** How a daemon is started on this data directory. Starting a second one is refused by itself. */
  readonly daemonStart: StartCommand;
  /** Starts a daemon unless one runs; resolves when its API answers. */
  startDaemon(): Promise<void>;
  /** Starts the independent undo; resolves when it is armed. `armUndo` of this folder does it. */
  arm(undo: UndoRecipe): Promise<Disarm>;
  /** Why it is none of the drill's own, where it is not: some faults need one. */
  readonly notOwn?: string;
  /**
   * Moves the daemon's clock (see `fake-clock.ts`), where the drill started the daemon under it.
   */
  readonly clockFile?: string;
  /** A small file system of the drill's own that holds a folder of the service `strikes` of D1. */
  readonly smallDisk?: string;
}
