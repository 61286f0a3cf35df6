/**
 * Where a drill restores to: a folder of its own, closed to others, made by the same primitives as
 * every restore, and removed whatever happens.
 */
import { createReadStream } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { Restorer } from "../../platform/tree/index.ts";
import {
  type FileNode,
  joinRaw,
  type RawPath,
  rawPathOfText,
  type Scratch,
  systemPath,
} from "../../vault/index.ts";

/** @param parent a folder of ours, outside of all sources */
export async function openScratchFolder(parent: string): Promise<Scratch> {
  // Closed to everybody else (0700) from its first moment on.
  const root = await mkdtemp(join(parent, "drill-"));
  const restorer = new Restorer({
    root: rawPathOfText(root),
    tag: "drill",
    overwrite: "never",
    isDurable: false,
    warn: () => undefined,
  });
  const made = new Set<RawPath>();
  const rooted = (path: RawPath): RawPath => path.slice(1) as RawPath;

  function folder(path: RawPath): string | undefined {
    if (path === "" || made.has(path)) return undefined;
    const above = folder(folderOf(path));
    if (above !== undefined) return above;
    const outcome = restorer.folder(path, plainFolder);
    if (outcome.kind === "failed") return outcome.reason;
    made.add(path);
    return undefined;
  }

  async function file(
    path: RawPath,
    node: FileNode,
    content: AsyncIterable<Uint8Array>,
  ): Promise<string | undefined> {
    const name = rooted(path);
    const without = folder(folderOf(name));
    if (without !== undefined) return without;
    // As who drills owns it: whose it was and what it was allowed is not what is drilled.
    const begun = restorer.file(name, {
      ...plainFile,
      mtimeNs: node.mtimeNs,
      sizeBytes: node.sizeBytes,
    });
    if (begun.kind === "failed") return begun.reason;
    if (begun.kind !== "begun") return "something lies there already";
    using writing = begun;
    let offset = 0;
    for await (const bytes of content) {
      const failure = writing.write(offset, bytes);
      if (failure !== undefined) return failure.reason;
      offset += bytes.length;
    }
    const outcome = writing.finish();
    return outcome.kind === "failed" ? outcome.reason : undefined;
  }

  return {
    file,
    read: (path) => createReadStream(systemPath(joinRaw(rawPathOfText(root), rooted(path)))),
    [Symbol.asyncDispose]: async () => {
      restorer[Symbol.dispose]();
      await rm(root, { recursive: true, force: true });
    },
  };
}

const plain = {
  mtimeNs: 0n,
  atimeNs: 0n,
  uid: process.getuid?.() ?? 0,
  gid: process.getgid?.() ?? 0,
  user: "",
  group: "",
  attributes: [],
};
const plainFolder = { ...plain, permissions: 0o700 };
const plainFile = { ...plain, permissions: 0o600 };

function folderOf(path: RawPath): RawPath {
  return path.slice(0, Math.max(0, path.lastIndexOf("/"))) as RawPath;
}
