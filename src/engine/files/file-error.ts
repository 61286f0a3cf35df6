/** Every failure of a file operation: which file, what happened, what the reader can do. */
import type { PathLike } from "node:fs";
import { fileURLToPath } from "node:url";
import { messageOf } from "../../kernel/index.ts";

export type OwnFileErrorCode =
  /** Nothing was to be written, or nothing is there, and that was not said to be right. */
  | "FILE_EMPTY"
  /** The content ends in its middle, and no kept version is whole. */
  | "FILE_TRUNCATED"
  /** The `validate` of the caller refused the content. */
  | "FILE_INVALID"
  /** The disk does not give back what it was given. */
  | "FILE_NOT_AS_WRITTEN"
  /** Other writers did not come to an end in time. */
  | "FILE_LOCKED"
  /** So many writers wait for this file already. */
  | "FILE_BUSY"
  /** Somebody who takes no lock changed the file each time that it was to be updated. */
  | "FILE_CONFLICT"
  /** A pipe, a socket or a device. */
  | "FILE_NOT_REGULAR";

export interface FileErrorDetails {
  readonly path: string;
  readonly fix: string;
  readonly cause?: unknown;
}

/** `code` is that of the system (`ENOSPC`, `EACCES`, ...) or one of our own (`FILE_...`). */
export class FileError extends Error {
  readonly code: string;
  readonly path: string;
  /** What the reader can do about it. */
  readonly fix: string;

  constructor(code: string, message: string, details: FileErrorDetails) {
    super(`${message}; ${details.fix}`, "cause" in details ? { cause: details.cause } : undefined);
    this.name = "FileError";
    this.code = code;
    this.path = details.path;
    this.fix = details.fix;
  }
}

/** An error of our own code, which names its kind. */
export function fileError(
  code: OwnFileErrorCode,
  message: string,
  details: FileErrorDetails,
): FileError {
  return new FileError(code, message, details);
}

type Explanation = readonly [what: string, fix: string];

const explanations: Readonly<Record<string, Explanation>> = {
  ENOSPC: ["its disk is full", "free some space there; what was in the file is unchanged"],
  EDQUOT: ["the disk quota is used up", "free some space; what was in the file is unchanged"],
  EROFS: ["its file system is read-only", "mount it for writing, or choose another place"],
  EACCES: ["this process may not do that", "give its user access to the file and its folder"],
  EPERM: ["the system does not permit it", "check owner and attributes of the file (lsattr)"],
  EISDIR: ["it is a directory", "name a file in it"],
  ENOTDIR: ["a part of its path is a file", "choose another path, or move that file away"],
  ENOENT: ["it is not there", "check the path"],
  ENAMETOOLONG: ["its name is too long", "take a name of at most 255 bytes"],
  ELOOP: ["its symbolic links lead in a circle", "mend the links"],
  EMFILE: ["this process has too many files open", "close files, or raise `ulimit -n`"],
  ENFILE: ["the machine has too many files open", "raise fs.file-max"],
  EBUSY: ["the system is using it", "it may be a mount point: mount its folder instead"],
  EIO: ["its disk does not work", "look into the log of the kernel (dmesg)"],
  EFBIG: ["it would be too large", "raise `ulimit -f`, or write less"],
};

/** What was thrown, told with path and fix. Our own errors and aborts stay what they are. */
export function toFileError(error: unknown, action: string, path: string): unknown {
  if (error instanceof FileError) return error;
  const { code } = error as NodeJS.ErrnoException;
  if (typeof code !== "string" || !/^E[A-Z0-9]+$/.test(code)) return error;
  const [what, fix] = explanations[code] ?? [messageOf(error), "see the cause"];
  return new FileError(code, `cannot ${action} ${path}: ${what} (${code})`, {
    path,
    fix,
    cause: error,
  });
}

export function codeOf(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null) return undefined;
  const { code } = error as NodeJS.ErrnoException;
  return typeof code === "string" ? code : undefined;
}

/** The path as text. Throws what node throws for a URL that is no file. */
export function textOf(path: PathLike): string {
  if (typeof path === "string") return path;
  return path instanceof URL ? fileURLToPath(path) : path.toString();
}
