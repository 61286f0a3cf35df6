/**
 * Names of files that come and go by their nature: a snapshot may catch them, and their end is no
 * loss. Healing one would do harm: an old log beside a newer database, a lock that nobody holds.
 *
 * P1. A name alone decides only when no person gives it to a thing of value.
 * P2. A name that a person might give decides only together with what lies beside it, or with the
 *     short time that the vault held it. Of "journal", which is a word of people, neither does.
 */

const always: readonly RegExp[] = [
  // Swap files of vim.
  /^\..+\.sw[a-px]$/,
  // Emacs: what is being edited, and who edits it. LibreOffice: the same.
  /^#.+#$/,
  /^\.#.+$/,
  /^\.~lock\..+#$/,
  /.\.pid$/,
  // A file that was deleted while it was open, over NFS and through FUSE.
  /^\.nfs[0-9a-f]{8,}$/,
  /^\.fuse_hidden[0-9a-f]+$/,
  // Our own, until a restored file is whole.
  /^\.soulmirror-restore-/,
];

const whenShortLived: readonly RegExp[] = [
  /\.(?:tmp|temp|part|partial|crdownload)$/,
  // vim asks in this way whether it may write here; sed and rsync; what replaces files atomically.
  /^(?:4913|5036|5159)$/,
  /^sed[A-Za-z0-9]{6}$/,
  /^\..+\.(?=[A-Za-z0-9]*[A-Z0-9])(?!\d+$)[A-Za-z0-9]{6}$/,
  /.\.\d{9,10}$/,
];

const companion = /^(.+)-(?:wal|shm|journal)$/;
const journal = /^(.+)-journal$/;
const transfer = /^\.(.+)\.(?=[A-Za-z0-9]*[A-Z0-9])(?!\d+$)[A-Za-z0-9]{6}$/;
const backup = /^(.+)~$/;

export interface Passing {
  readonly name: string;
  readonly beside: readonly string[];
  readonly isShortLived: boolean;
  readonly isOfDatabase: boolean;
}

export function isPassingName(passing: Passing): boolean {
  const { name, beside, isOfDatabase, isShortLived } = passing;
  if (journalOwnerOf(name) !== undefined && !isOfDatabase) return false;
  const hasOwner = [companion, transfer, backup].some((pattern) => {
    const [, owner] = pattern.exec(name) ?? [];
    return owner !== undefined && beside.includes(owner);
  });
  return (
    hasOwner ||
    always.some((pattern) => pattern.test(name)) ||
    (isShortLived && whenShortLived.some((pattern) => pattern.test(name)))
  );
}

/** What the journal of a database by this name would be of. */
export function journalOwnerOf(name: string): string | undefined {
  return journal.exec(name)?.[1];
}

/** A database whose log or journal still lies beside it is one thing with that. */
export function hasCompanion(name: string, beside: readonly string[]): boolean {
  return beside.some((other) => companion.exec(other)?.[1] === name && !other.endsWith("-shm"));
}

const gitsOwn =
  /(?:^|\/)\.git\/(?:(?:objects|refs|logs|rebase-merge|rebase-apply|sequencer|worktrees)\/|(?:[^/]+\/)*[^/]+\.lock$|[A-Z_]+_HEAD$|MERGE_[A-Z]+$|COMMIT_EDITMSG$|gc\.pid$)/;

/** Below `.git`, and of the kind that git itself makes and takes away. */
export function isGitsOwn(path: string): boolean {
  return gitsOwn.test(path);
}
