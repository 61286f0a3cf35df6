/**
 * What an address of restic's REST protocol stands for. An address is taken apart and never put
 * together again from what a client wrote: a repository's name has plain characters only, a file's
 * is a kind and an id.
 */
import {
  type FileKind,
  type FileName,
  fileKinds,
  folderOfKind,
  isFileId,
} from "../../vault/index.ts";

interface InRepository {
  /** The folders from the server's root to the repository; none: the root is one itself. */
  readonly repository: readonly string[];
}

export type Place =
  | (InRepository & { readonly kind: "repository" })
  | (InRepository & { readonly kind: "files"; readonly files: FileKind })
  | (InRepository & { readonly kind: "file"; readonly file: FileName });

const plainName = /^[A-Za-z0-9_][A-Za-z0-9._@-]{0,99}$/;
const mostFolders = 8;
const longestPath = 1024;

const kindsByFolder = new Map<string, FileKind>(
  fileKinds.map((kind) => [folderOfKind(kind), kind]),
);

/** Undefined for addresses that are none of the protocol. */
export function placeOf(path: string): Place | undefined {
  if (!path.startsWith("/") || path.length > longestPath) return undefined;
  const segments = path.slice(1).split("/");
  const last = segments.pop() ?? "";
  if (last === "config")
    return placed(segments, { kind: "file", file: { kind: "config", id: "" } });
  const files = kindsByFolder.get(segments.at(-1) ?? "");
  if (files === undefined || files === "config") {
    return last === "" ? placed(segments, { kind: "repository" }) : undefined;
  }
  const repository = segments.slice(0, -1);
  if (last === "") return placed(repository, { kind: "files", files });
  if (!isFileId(last)) return undefined;
  return placed(repository, { kind: "file", file: { kind: files, id: last } });
}

type Rest<T> = T extends InRepository ? Omit<T, "repository"> : never;

function placed(repository: readonly string[], rest: Rest<Place>): Place | undefined {
  const isPlain = repository.every((name) => plainName.test(name) && !kindsByFolder.has(name));
  return isPlain && repository.length <= mostFolders ? { repository, ...rest } : undefined;
}
