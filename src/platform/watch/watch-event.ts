/** What a watch tells, and what can be asked of it. */
import type { RawPath } from "../../vault/index.ts";

/** Why everything below a root is to be compared, and not only what was told as changed. */
export type ReconcileReason =
  /** Nothing is known of the time before. */
  | "start"
  /** The root was away. */
  | "back"
  /** The kernel's queue may have run over, which it tells nobody. */
  | "overflow"
  /** More folders changed at once than are kept apart. */
  | "storm"
  /** Something was mounted or unmounted below a root. */
  | "mounts"
  /** It is time for one in any case. */
  | "schedule";

export type WatchEvent =
  /**
   * These folders are to be listed again, each by itself: an entry was made, removed, renamed,
   * written or given other attributes. A folder that is gone may be among them. The times of a
   * folder change with its entries and without a word to the folder above.
   */
  | { readonly kind: "changed"; readonly folders: readonly RawPath[] }
  /** Everything at and below `root` may have changed; what changes from now on is told. */
  | { readonly kind: "reconcile"; readonly root: RawPath; readonly reason: ReconcileReason }
  /** A root is no folder any more, or another folder has taken its place. */
  | { readonly kind: "gone"; readonly root: RawPath }
  /** It is there again; `reconcile` follows as soon as all of it is watched. */
  | { readonly kind: "back"; readonly root: RawPath }
  /** Nothing can be told of what is below: no right to look, a path too long. */
  | { readonly kind: "unreadable"; readonly folder: RawPath; readonly code: string }
  /** So many folders are over a limit and are compared at intervals; 0 when it is over. */
  | {
      readonly kind: "scanning";
      readonly folderCount: number;
      readonly reason: string;
      readonly fix: string;
    }
  /** The thread ended; another one starts after `restMs`, with `reconcile`. */
  | { readonly kind: "died"; readonly reason: string; readonly restMs: number };

export interface WatchFigures {
  readonly folderCount: number;
  readonly watchCount: number;
}

export interface TreeWatch extends AsyncDisposable {
  /** Undefined while the thread is not there. */
  figures(): Promise<WatchFigures | undefined>;
}
