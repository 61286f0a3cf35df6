/**
 * Watches trees by one watch for each folder. Runs in a thread of its own, where nothing else may
 * hold it up.
 *
 * The intuition: events of the kernel are hints where to look, never facts. An event makes its
 * folder due, and its name is looked at when it may be a folder that came or went. All looking is
 * work in slices, and between two slices the kernel's queue is emptied. When all work is done, the
 * watches are as the trees are; only then is anything told that rests on it.
 *
 * W1. A folder is watched first and listed then, so that nothing falls between.
 * W2. A `reconcile` is told when everything below its root is watched: what changes later is heard.
 * W3. What may have been lost (`DrainCount`) is answered by comparing every folder that is known
 *     with what is there, and a `reconcile` behind it.
 * W4. Links are not followed, excluded folders not entered.
 * W5. Without changes nothing runs but the timers of a minute and more.
 */
import type { Clock } from "../../kernel/index.ts";
import { ChangeBatch } from "./change-batch.ts";
import { DrainCount } from "./drain-count.ts";
import { createExclusion, type IsExcluded } from "./exclusion.ts";
import type { Folder, Root } from "./folder-tree.ts";
import { FolderWork } from "./folder-work.ts";
import { mountsInside } from "./mounts-inside.ts";
import type { ReconcileReason, WatchEvent, WatchFigures } from "./watch-event.ts";
import { tellScanning } from "./watch-limit.ts";
import type { WatchSetup } from "./watch-options.ts";

/** Small against `debounceMs`, and long enough to be worth a turn of the loop. */
const sliceMs = 10;
/** Folders without a watch may take this share of a processor. */
const scanShare = 0.02;
/** Batches are not told more often, however many folders become due one after another. */
const spacingMs = 20;

export interface WatcherDoors {
  readonly clock: Clock;
  tell(event: WatchEvent): void;
  /** All roots were seen and watched for the first time. */
  ready(): void;
}

export class Watcher {
  readonly #setup: WatchSetup;
  readonly #doors: WatcherDoors;
  readonly #isExcluded: IsExcluded;
  readonly #batch: ChangeBatch;
  readonly #drain = new DrainCount();
  readonly #roots: readonly Root[];
  readonly #work: FolderWork;
  #isAwake = false;
  #isReady = false;
  #batchTimer: NodeJS.Timeout | undefined;
  #mounts = "";
  /** Why everything is to be compared soon, and why it is being compared now. */
  #owed: ReconcileReason | undefined;
  #comparing: ReconcileReason | undefined;
  #scanBeganMs: number | undefined;
  #scanTimer: NodeJS.Timeout | undefined;
  #scanningTold = 0;

  constructor(setup: WatchSetup, doors: WatcherDoors) {
    this.#setup = setup;
    this.#doors = doors;
    this.#isExcluded = createExclusion(setup);
    this.#batch = new ChangeBatch(setup.limits);
    this.#roots = setup.roots.map((path) => ({
      path,
      folder: undefined,
      parentWatch: undefined,
      arrival: "start",
      isTold: false,
    }));
    this.#work = new FolderWork({
      clock: doors.clock,
      isExcluded: this.#isExcluded,
      watchesMax: setup.limits.watchesMax,
      hear: (folder, type, name) => this.#hear(folder, type, name),
      wake: () => this.#wake(),
      note: (folder) => this.#noteFound(folder),
      tell: (event) => doors.tell(event),
    });
  }

  start(): void {
    const { reconcileEveryMs, rootsEveryMs } = this.#setup.limits;
    this.#mounts = mountsInside(this.#setup.roots);
    for (const root of this.#roots) this.#work.doubtRoot(root);
    setInterval(() => this.#suspect("schedule"), reconcileEveryMs);
    setInterval(() => this.#lookAtRoots(), rootsEveryMs);
    this.#wake();
  }

  figures(): WatchFigures {
    const { folderCount, watchCount } = this.#work.tree;
    return { folderCount, watchCount };
  }

  #hear(folder: Folder, type: "change" | "rename", name: string | null): void {
    if (this.#drain.add()) this.#suspect("overflow");
    this.#wake();
    if (folder.isForgotten) return;
    if (!this.#batch.has(folder.path) && this.#work.isExcludedName(folder, name)) return;
    this.#note(folder);
    this.#work.hear(folder, type, name);
  }

  #note(folder: Folder): void {
    // The reconcile that is owed speaks for it (W2).
    if (folder.root.arrival !== undefined) return;
    if (this.#batch.note(folder.path, this.#doors.clock.now().monotonicMs)) {
      this.#armBatch(this.#setup.limits.debounceMs);
    } else {
      this.#batch.clear();
      this.#suspect("storm");
    }
  }

  /** What was found and not heard; while all is compared a `reconcile` is about to tell it. */
  #noteFound(folder: Folder): void {
    if (this.#comparing === undefined) this.#note(folder);
  }

  #armBatch(delayMs: number): void {
    if (this.#batchTimer !== undefined) return;
    this.#batchTimer = setTimeout(() => {
      this.#batchTimer = undefined;
      const nowMs = this.#doors.clock.now().monotonicMs;
      const { folders, nextMs } = this.#batch.take(nowMs);
      if (folders.length > 0) this.#doors.tell({ kind: "changed", folders });
      if (nextMs !== undefined) this.#armBatch(Math.max(spacingMs, nextMs - nowMs));
    }, delayMs);
  }

  /** Compares all soon: what comes in a storm is answered once. */
  #suspect(reason: ReconcileReason): void {
    if (this.#owed === undefined) setTimeout(() => this.#compare(), this.#delayMs(reason));
    this.#owed ??= reason;
  }

  #delayMs(reason: ReconcileReason): number {
    const { maxDelayMs } = this.#setup.limits;
    return reason === "overflow" || reason === "storm" ? maxDelayMs : 0;
  }

  #compare(): void {
    // One after the other: a pass that is under way is followed by this one.
    if (this.#comparing !== undefined) {
      setTimeout(() => this.#compare(), this.#setup.limits.maxDelayMs);
      return;
    }
    this.#comparing = this.#owed;
    this.#owed = undefined;
    for (const root of this.#roots) this.#work.compareAll(root);
    this.#wake();
  }

  #lookAtRoots(): void {
    for (const root of this.#roots) this.#work.doubtRoot(root, false);
    const mounts = mountsInside(this.#setup.roots);
    if (mounts !== this.#mounts) this.#suspect("mounts");
    this.#mounts = mounts;
    this.#wake();
  }

  #wake(): void {
    if (this.#isAwake) return;
    this.#isAwake = true;
    setImmediate(() => this.#turn());
  }

  /** Comes when Node has read the queue until it was empty. */
  #turn(): void {
    this.#drain.emptied();
    const endMs = this.#doors.clock.now().monotonicMs + sliceMs;
    let isMore = true;
    while (isMore && this.#doors.clock.now().monotonicMs < endMs) isMore = this.#work.step();
    if (isMore) {
      setImmediate(() => this.#turn());
      return;
    }
    this.#isAwake = false;
    this.#rest();
  }

  /** All work is done: the watches are as the trees are. */
  #rest(): void {
    const reason = this.#comparing;
    this.#comparing = undefined;
    for (const root of this.#roots) {
      if (root.folder === undefined) continue;
      const why = root.arrival ?? reason;
      root.arrival = undefined;
      if (why !== undefined) this.#doors.tell({ kind: "reconcile", root: root.path, reason: why });
    }
    this.#restScanning();
    if (this.#isReady) return;
    this.#isReady = true;
    this.#doors.ready();
  }

  #restScanning(): void {
    const { unwatched, folderCount } = this.#work.tree;
    if (unwatched.size !== this.#scanningTold) {
      this.#scanningTold = unwatched.size;
      const counts = { unwatched: unwatched.size, folderCount };
      this.#doors.tell(tellScanning(this.#work.limitCode, counts));
    }
    const tookMs =
      this.#scanBeganMs === undefined ? 0 : this.#doors.clock.now().monotonicMs - this.#scanBeganMs;
    this.#scanBeganMs = undefined;
    if (unwatched.size === 0 || this.#scanTimer !== undefined) return;
    const everyMs = Math.max(this.#setup.limits.scanEveryMs, tookMs / scanShare);
    this.#scanTimer = setTimeout(() => {
      this.#scanTimer = undefined;
      this.#scanBeganMs = this.#doors.clock.now().monotonicMs;
      this.#work.scanUnwatched();
      this.#wake();
    }, everyMs);
  }
}
