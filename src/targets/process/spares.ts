/**
 * Processes for the next start, made ahead.
 *
 * To start a process the kernel copies the page tables of the one that starts it: some 10 ms for a
 * daemon of 100 MB, all of them downtime. So while a service runs well, its next process is made:
 * it has the directory, environment, account, log, session and cgroup of the service, everything
 * but its program, and waits on its standard input. To start the service is to let it go on.
 *
 * V1. A spare becomes what it was made for or nothing: another spec, another log, another directory
 *     under the old name, a name in the environment that a shell would not pass on, and there is
 *     none.
 * V2. It ends with the daemon, whose end is the end of its input.
 * V3. At most `sparesMax`, one for an instance.
 * V4. Its groups go with it; `close` tells when, for a daemon that is about to end itself. One that
 *     was about to be made then is not made any more.
 */
import { statSync } from "node:fs";
import type { ProcessIdentity, ResourceId } from "../../model/index.ts";
import { isPortFree, livingStat, processIdentity } from "../../system/index.ts";
import type { Groups } from "./cgroups.ts";
import { removeCgroups } from "./cgroups.ts";
import { type Launch, type OnExit, spawnWaiting, type WaitingChild } from "./spawn-service.ts";

/** What a process of an instance is made with. */
export interface Outfit {
  readonly specHash: string;
  readonly launch: Launch;
  readonly groups: Groups;
  readonly port: number | undefined;
}

/** A process that is there and waits for `begin`. */
export interface Spare extends Outfit {
  readonly process: ProcessIdentity;
  begin(onExit: OnExit): void;
  /** It is not wanted after all. */
  dismiss(): void;
}

interface Kept {
  readonly outfit: Outfit;
  readonly child: WaitingChild;
  readonly process: ProcessIdentity;
  /** The log and the directory that it has, whatever has their names by now. */
  readonly held: string;
  exit: OnExit | undefined;
  isGone: boolean;
  /** Settles with its end. */
  readonly gone: PromiseWithResolvers<void>;
}

const sparesMax = 100;
const shellName = /^[A-Za-z_]\w*$/;

export class Spares {
  readonly #kept = new Map<ResourceId, Kept>();
  readonly #dismissed = new Set<Kept>();
  #isClosed = false;

  has(resource: ResourceId): boolean {
    return this.#kept.has(resource);
  }

  make(resource: ResourceId, outfit: Outfit): void {
    this.drop(resource);
    const { launch, groups } = outfit;
    const isPassedOn = Object.keys(launch.env).every((name) => shellName.test(name));
    if (this.#isClosed || !isPassedOn || this.#kept.size >= sparesMax) return giveBack(groups);
    const hears: { kept?: Kept } = {};
    const child = groups.birth(() =>
      spawnWaiting(launch, (code, signal) => this.#ended(resource, hears.kept, { code, signal })),
    );
    const process = child && processIdentity(child.pid);
    if (!child || !process) return giveBack(groups);
    const held = heldBy(launch);
    const gone = Promise.withResolvers<void>();
    const kept: Kept = { outfit, child, process, held, exit: undefined, isGone: false, gone };
    hears.kept = kept;
    this.#kept.set(resource, kept);
  }

  /** Takes the spare out, if it is of that spec and still good. */
  async take(resource: ResourceId, specHash: string): Promise<Spare | undefined> {
    const kept = this.#kept.get(resource);
    if (!kept) return undefined;
    this.#kept.delete(resource);
    const { outfit, child, process, held } = kept;
    const { launch, port } = outfit;
    const isSame = outfit.specHash === specHash && held === heldBy(launch);
    // Nobody has listened there yet, so somebody else may by now.
    const isGood = isSame && (port === undefined || (await isPortFree("127.0.0.1", port)));
    if (!isGood || kept.isGone || !hears(process)) {
      this.#dismiss(kept);
      return undefined;
    }
    const begin = (onExit: OnExit): void => {
      kept.exit = onExit;
      child.begin();
    };
    return { ...outfit, process, begin, dismiss: () => this.#dismiss(kept) };
  }

  /** Ports that spares will listen on. */
  hasPort(port: number): boolean {
    return [...this.#kept.values()].some(({ outfit }) => outfit.port === port);
  }

  drop(resource: ResourceId): void {
    const kept = this.#kept.get(resource);
    if (kept) this.#dismiss(kept);
    this.#kept.delete(resource);
  }

  /** Of every instance for which `isWanted` says no. */
  dropUnless(isWanted: (resource: ResourceId) => boolean): void {
    for (const resource of this.#kept.keys()) {
      if (!isWanted(resource)) this.drop(resource);
    }
  }

  /** No more are made; resolves when all that were dismissed are gone (V4). */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.dropUnless(() => false);
    await Promise.all([...this.#dismissed].map(({ gone }) => gone.promise));
  }

  #dismiss(kept: Kept): void {
    if (!kept.isGone) this.#dismissed.add(kept);
    kept.child.dismiss();
  }

  #ended(
    resource: ResourceId,
    kept: Kept | undefined,
    { code, signal }: { code: number | null; signal: string | null },
  ): void {
    if (!kept) return;
    kept.isGone = true;
    if (kept.exit) return kept.exit(code, signal);
    giveBack(kept.outfit.groups);
    this.#dismissed.delete(kept);
    kept.gone.resolve();
    if (this.#kept.get(resource) === kept) this.#kept.delete(resource);
  }
}

/** One that is dead, or that somebody has stopped, does not hear that its turn has come. */
function hears(process: ProcessIdentity): boolean {
  const state = livingStat(process)?.state;
  return state !== undefined && state !== "T" && state !== "t";
}

function giveBack({ paths }: Groups): void {
  removeCgroups(paths);
}

/** A deployment that is switched by a link gives the same path another directory. */
function heldBy({ logPath, cwd }: Launch): string {
  return [logPath, cwd]
    .map((path) => statSync(path, { throwIfNoEntry: false }))
    .map((stat) => (stat ? `${stat.dev}:${stat.ino}` : "none"))
    .join();
}
