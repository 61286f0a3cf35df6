/**
 * What is known of one path that is not as it was: the whole input of a verdict. Facts are gathered
 * by looks at the real tree and never judged while they are; the rules are in `judge.ts`, the cases
 * in `docs/vault/heal-cases.md`.
 */
import type { RawPath } from "../raw-path.ts";
import type { SourceEntry } from "../tree-source.ts";

/** What `heal:` of a vault says of a category. */
export type HealPolicy = "restore" | "ask" | "leave";

export interface HealFacts {
  readonly path: RawPath;
  /** What is said of its category, the first that fits; `leave` without any. */
  readonly policy: HealPolicy;
  /**
   * The newest good snapshot from before the loss, less what was judged `leave` since: undefined
   * when it holds nothing there.
   */
  readonly expected: SourceEntry | undefined;
  readonly now: Sight;
  /** Nothing changed at the path or beside it for so long. */
  readonly quietMs: number;
  /** So long have we waited for a verdict already. */
  readonly waitedMs: number;
  /** So long has the vault held the path, until it went. */
  readonly heldMs: number;
  readonly mount: MountFacts;
  readonly isAccepted: boolean;
  /** Times we restored it of late (`HealLimits.fightMs`). */
  readonly recentHeals: number;
  readonly burst: BurstFacts;
  /** Names in its folder that begin as it does, or that it begins with. */
  readonly beside: readonly string[];
  /** It is the journal of a database, by its own content or by that of what it is named after. */
  readonly isOfDatabase: boolean;
  /** Another name that has the number of its inode on the same device. */
  readonly elsewhere: ElsewhereFacts | undefined;
  /** A younger file beside it whose content begins with what is expected, unpacked if need be. */
  readonly copy: RawPath | undefined;
  /** Of the repository of git that holds it, or held it. */
  readonly git: GitFacts | undefined;
}

export type Sight =
  | {
      readonly kind: "gone";
      /**
       * What the nearest thing above it is that is no folder: a link behind which the path is
       * there, or anything else. `folder` when there is no such thing.
       */
      readonly above: "folder" | "link" | "other";
    }
  /** Neither there nor gone: `EIO`, `ESTALE`, `EACCES`. */
  | { readonly kind: "unseen"; readonly code: string }
  | SeenEntry;

export interface SeenEntry {
  readonly kind: "there";
  readonly entry: SourceEntry;
  /** Held against the expected content; `zeros` when it is nothing else, and was something else. */
  readonly content: "unread" | "same" | "differs" | "zeros";
  /**
   * When, by the clock of its file system, its content was last begun to be read and found equal
   * under the marks that it is expected to have.
   */
  readonly provenNs: bigint | undefined;
  readonly isOpenForWriting: boolean;
  readonly isMappedForWriting: boolean;
  /** A link without an end. */
  readonly leadsNowhere: boolean;
}

/** What is mounted where the path lies, in words that stay the same when the machine restarts. */
export interface MountFacts {
  readonly before: string;
  /** Of the nearest folder above that is there. */
  readonly now: string;
}

/** What happened to protected files in the same stretch of time. */
export interface BurstFacts {
  readonly rewritten: number;
  readonly lost: number;
  readonly protectedFiles: number;
}

export interface ElsewhereFacts {
  readonly path: RawPath;
  readonly isInSource: boolean;
  /** The expected tree has this name for this inode as well: a hard link. */
  readonly wasThere: boolean;
  readonly entry: SourceEntry;
  /** Undefined where the file system keeps no such time. */
  readonly birthNs: bigint | undefined;
}

export interface GitFacts {
  readonly before: GitMark;
  /** Undefined when the repository is gone. */
  readonly now: GitMark | undefined;
  /** Git knew the path, or its stash holds it now. Undefined when that cannot be told. */
  readonly wasHeld: boolean | undefined;
  /** The index has it and expects it in the work tree. Undefined when that cannot be told. */
  readonly isHeld: boolean | undefined;
  /** `index.lock` is there. */
  readonly isBusy: boolean;
  /** All that its references need is there. Undefined when that was not looked at. */
  readonly isSound: boolean | undefined;
}

/** Where git stands; any difference says that git was at work. */
export interface GitMark {
  /** The text of HEAD: a branch, or a commit. */
  readonly head: string;
  readonly commit: string;
  /** Of the log of HEAD, which also grows when a reset comes back to the same commit. */
  readonly logBytes: number;
  readonly stash: string;
}
