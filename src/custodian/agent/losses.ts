/**
 * Protected paths that are not as they were, until somebody has judged them.
 *
 * They are found by comparing two snapshots, so what was lost before it was judged is still known
 * after any number of further ones: the first snapshot that had it stays the one that is expected.
 *
 * L1. What is found is written down before anything is done about it, together with the snapshot up
 *     to which losses were looked for; so a kill loses no loss.
 * L2. A path that is lost twice keeps what was expected first, until somebody judges it. What is
 *     lost again while it is judged is a loss of its own, and waits for its own verdict. What was
 *     put back stays known until a snapshot has it, for no snapshot tells that it went again
 *     before.
 * L3. What its owner took out of the sources, or left out of them, is no loss.
 * L4. What a path was moved to is remembered for a while, also when it arrived before it was gone.
 * L5. What somebody was asked about, and is missing, is looked at again behind each run: who puts
 *     it back himself has answered.
 */
import { existsSync, lstatSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { replaceFile } from "../../system/index.ts";
import {
  isInside,
  type RawPath,
  type StoredSnapshot,
  systemPath,
  type TreeNode,
} from "../../vault/index.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";
import { beginsWithZeros } from "./begins-with-zeros.ts";
import { Mounts } from "./mounts.ts";
import { type Difference, differences, nodeAt, type TreeLooks } from "./snapshot-trees.ts";

export interface Loss {
  readonly path: RawPath;
  readonly expected: TreeNode;
  /** The tree of the snapshot that holds it. */
  readonly tree: string;
  /** Wall time at which it was found. */
  readonly foundMs: number;
  /** It was found by reading, and not because anything changed. */
  readonly isRot: boolean;
  /** That has the tree; empty when nobody knows it any more. */
  readonly snapshot: string;
  /** What was mounted there when it was found. */
  readonly mount: string;
  /** Of a database that is in no snapshot itself: when its dump, which is expected, was taken. */
  readonly dumpedMs?: number;
}

/** `asked`: it is not as it should be, and a person knows. */
export type LossEnd = "over" | "put back" | "asked";

interface Arrival {
  readonly path: RawPath;
  readonly node: TreeNode;
  readonly foundMs: number;
}

interface Notes {
  /** The tree up to which losses were looked for. */
  readonly judged: string | undefined;
  readonly judgedSnapshot: string;
  readonly mounts: Readonly<Record<string, string>>;
  readonly waiting: readonly Pick<Loss, "path" | "tree" | "snapshot" | "mount">[];
}

const arrivalsMax = 50_000;
const arrivalForMs = 60_000;
const notesName = "losses.json";

export class Losses {
  readonly mounts: Mounts;
  readonly #world: AgentWorld;
  readonly #limits: AgentLimits;
  readonly #isExcluded: AgentWorld["isExcluded"];
  readonly #notes: Notes;
  readonly #waiting = new Map<RawPath, Loss>();
  readonly #inJudgement = new Set<Loss>();
  /** Put back, and in no snapshot since (L2). */
  readonly #returned = new Map<RawPath, Loss>();
  readonly #asked = new Map<RawPath, Loss>();
  /** Databases that were lost, until they are seen again or were put back. */
  readonly #databases = new Set<RawPath>();
  readonly #arrivals = new Map<bigint, Arrival>();
  #rewritten: number[] = [];
  #judged: string | undefined;
  #judgedSnapshot: string;
  #written = "";

  constructor(
    world: AgentWorld,
    limits: AgentLimits,
    isExcluded: AgentWorld["isExcluded"] = world.isExcluded,
  ) {
    this.#world = world;
    this.#limits = limits;
    this.#isExcluded = isExcluded;
    this.#notes = readNotes(join(world.folder, notesName));
    this.#judged = this.#notes.judged;
    this.#judgedSnapshot = this.#notes.judgedSnapshot;
    this.mounts = new Mounts(world, this.#notes.mounts);
  }

  get waiting(): readonly RawPath[] {
    return [...this.#waiting.keys()];
  }

  /** The last snapshot in which losses were looked for; undefined: there was none. */
  get judged(): { readonly tree: string; readonly id: string } | undefined {
    return this.#judged === undefined
      ? undefined
      : { tree: this.#judged, id: this.#judgedSnapshot };
  }

  /** Protected files that were rewritten in place of late. */
  get rewritten(): number {
    const since = this.#nowMs() - arrivalForMs;
    this.#rewritten = this.#rewritten.filter((at) => at > since);
    return this.#rewritten.length;
  }

  of(path: RawPath): Loss | undefined {
    return this.#waiting.get(path);
  }

  arrivalOf(inode: bigint): Arrival | undefined {
    return this.#arrivals.get(inode);
  }

  /** From now on until it is settled (L2). */
  judge(path: RawPath): Loss | undefined {
    const loss = this.#waiting.get(path);
    if (loss !== undefined) this.#inJudgement.add(loss);
    return loss;
  }

  /** @param end undefined: it is to be judged anew */
  settle(loss: Loss, end: LossEnd | undefined): void {
    const { expected, path } = loss;
    this.#inJudgement.delete(loss);
    this.#asked.delete(path);
    // Of a database no snapshot tells more than a look at it.
    if (loss.dumpedMs !== undefined) {
      if (end === "put back") this.#databases.delete(path);
    } else if (end === "put back") this.#returned.set(path, loss);
    const isOpen = end === "asked" && this.#asked.size < this.#limits.lossesMax;
    if (isOpen && isLostNow(path, expected)) this.#asked.set(path, loss);
    if (end && this.#waiting.get(loss.path) === loss) this.#waiting.delete(loss.path);
  }

  /** L5: each of them once. */
  takeAnswered(): readonly RawPath[] {
    const open = [...this.#asked.values()];
    const answered = open.filter(({ expected, path }) => !isLostNow(path, expected));
    for (const { path } of answered) this.#asked.delete(path);
    return answered.map(({ path }) => path);
  }

  add(loss: Loss): void {
    const known = this.#waiting.get(loss.path);
    const isFree = known === undefined || this.#inJudgement.has(known);
    if (isFree && this.#waiting.size < this.#limits.lossesMax) {
      this.#waiting.set(loss.path, loss);
    }
  }

  /** A database that has a dump instead of a place in snapshots: once, until it is seen again. */
  addDatabase(loss: Loss): void {
    if (this.#databases.has(loss.path)) return;
    this.#databases.add(loss.path);
    this.add(loss);
  }

  /** It is there. */
  sawDatabase(path: RawPath): void {
    this.#databases.delete(path);
  }

  /** What waited when the last process ended. */
  async recall(looks: TreeLooks): Promise<void> {
    for (const { path, tree, ...noted } of this.#notes.waiting) {
      if (this.#isNobodys(path)) continue;
      const expected = await nodeAt(tree, path, looks);
      if (expected !== undefined) {
        this.add({ path, expected, tree, foundMs: this.#nowMs(), isRot: false, ...noted });
      }
    }
  }

  /** @param parent compared with when nothing was judged before */
  async find(
    snapshot: StoredSnapshot,
    parent: string | undefined,
    looks: TreeLooks,
  ): Promise<void> {
    const before = this.#judged ?? parent;
    const rewritten: Loss[] = [];
    if (before !== undefined) {
      for await (const each of differences(before, snapshot.tree, {
        ...looks,
        path: "/" as RawPath,
      })) {
        this.#take(each, before, rewritten);
      }
    }
    // So many at once are judged together; single ones are edits.
    if (rewritten.length >= this.#limits.heal.massFiles)
      for (const each of rewritten) this.add(each);
    for (const loss of this.#returned.values()) await this.#lookAgain(loss, snapshot.tree, looks);
    this.#forgetArrivals();
    this.#judged = snapshot.tree;
    this.#judgedSnapshot = snapshot.id;
    this.mounts.renew();
  }

  /** L1. */
  save(): void {
    const all = new Map([...this.#returned, ...this.#waiting]);
    const waiting = Array.from(all.values(), ({ mount, path, snapshot, tree }) => {
      return { path, tree, snapshot, mount };
    });
    const notes: Notes = {
      judged: this.#judged,
      judgedSnapshot: this.#judgedSnapshot,
      mounts: this.mounts.all,
      waiting,
    };
    const text = JSON.stringify(notes);
    if (text === this.#written) return;
    replaceFile(join(this.#world.folder, notesName), text);
    this.#written = text;
  }

  #take({ before, now, path }: Difference, tree: string, rewritten: Loss[]): void {
    const foundMs = this.#nowMs();
    if (now !== undefined && before?.inode !== now.inode) {
      this.#arrivals.set(now.inode, { path, node: now, foundMs });
    }
    if (before === undefined || this.#isNobodys(path)) return;
    const mount = this.mounts.before(path);
    const snapshot = this.#judgedSnapshot;
    const loss: Loss = { path, expected: before, tree, snapshot, foundMs, isRot: false, mount };
    if (now === undefined || mayBeLost(path, before, now)) this.add(loss);
    if (now === undefined || !isRewritten(before, now)) return;
    this.#rewritten.push(foundMs);
    rewritten.push(loss);
  }

  async #lookAgain(loss: Loss, tree: string, looks: TreeLooks): Promise<void> {
    const { expected, path } = loss;
    const node = await nodeAt(tree, path, looks);
    const isHeld = node !== undefined && !mayBeLost(path, expected, node);
    const isLost = !isHeld && isLostNow(path, expected);
    if (isHeld || isLost) this.#returned.delete(path);
    if (isLost) this.add({ ...loss, foundMs: this.#nowMs(), isRot: false });
  }

  /** Nobody says that it is to be there, or L3. */
  #isNobodys(path: RawPath): boolean {
    const { policyAt, sources } = this.#world;
    if (policyAt(path) === "leave") return true;
    const source = sources.find((each) => isInside(path, each));
    if (source === undefined) return true;
    for (let at = path; at.length > source.length; at = dirname(at) as RawPath) {
      if (this.#isExcluded(at, at !== path)) return true;
    }
    return false;
  }

  #forgetArrivals(): void {
    const since = this.#nowMs() - arrivalForMs;
    for (const [inode, { foundMs }] of this.#arrivals) {
      if (foundMs < since || this.#arrivals.size > arrivalsMax) this.#arrivals.delete(inode);
    }
  }

  #nowMs(): number {
    return this.#world.vault.surroundings.clock.now().wallMs;
  }
}

/** What is there is judged by its content later; here, whether that is worth while. */
function mayBeLost(path: RawPath, before: TreeNode, now: TreeNode): boolean {
  if (before.kind !== now.kind) return true;
  if (before.kind !== "file" || now.kind !== "file" || before.sizeBytes === 0) return false;
  return now.sizeBytes === 0 || (isRewritten(before, now) && beginsWithZeros(path));
}

export function isLostNow(path: RawPath, expected: TreeNode): boolean {
  const stats = lstatSync(systemPath(path), { throwIfNoEntry: false });
  if (stats === undefined) return true;
  if (expected.kind === "dir") return !stats.isDirectory();
  if (expected.kind !== "file") return false;
  const isEmptied = stats.size === 0 && expected.sizeBytes > 0;
  return !stats.isFile() || isEmptied || beginsWithZeros(path);
}

function isRewritten(before: TreeNode, now: TreeNode): boolean {
  if (before.kind !== "file" || now.kind !== "file") return false;
  const isSame =
    before.content.length === now.content.length &&
    before.content.every((id, at) => id === now.content[at]);
  return !isSame && now.sizeBytes > 0;
}

function readNotes(path: string): Notes {
  const none: Notes = { judged: undefined, judgedSnapshot: "", mounts: {}, waiting: [] };
  if (!existsSync(path)) return none;
  try {
    return { ...none, ...(JSON.parse(readFileSync(path, "utf8")) as Partial<Notes>) };
  } catch {
    // Written whole or not at all; of what somebody else made of it nothing is taken.
    return none;
  }
}
