/** Where everything of one fleet lies: the layout of the data directory, as paths. */
import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { privateDirectory } from "./private-directory.ts";
import { shortHash } from "./real-random.ts";

export interface DataDirectory {
  readonly root: string;
  readonly store: string;
  readonly lock: string;
  readonly logs: string;
  /** Notes about running processes, and sockets. */
  readonly run: string;
  /** Service specifications by hash, for processes that were started with an older one. */
  readonly specs: string;
  /** What engines keep. */
  readonly engine: string;
  readonly auditKey: string;
  readonly token: string;
  /** The log of one instance of a service. */
  logOf(service: string, number: number): string;
  /** A unix socket: in `run`, or where that would be too long, in a private temporary folder. */
  socket(name: string): string;
}

/** The kernel keeps a socket's path in 104 to 108 bytes. */
const socketPathBytes = 100;

/** What every data directory has from its first start on. */
const marks: ReadonlySet<string> = new Set(["token", "audit.key", "soulmirror.db"]);

/** Makes the folders that are missing, all private. */
export function openDataDirectory(path: string): DataDirectory {
  const root = resolve(path);
  const folder = (name: string): string => privateDirectory(join(root, name));
  privateDirectory(root, isOurs);
  const logs = folder("logs");
  const run = folder("run");
  ignore(root);
  return {
    root,
    store: join(root, "soulmirror.db"),
    lock: join(root, "lock"),
    logs,
    run,
    specs: folder("specs"),
    engine: folder("engine"),
    auditKey: join(root, "audit.key"),
    token: join(root, "token"),
    logOf: (service, number) => join(logs, `${service}.${number}.log`),
    socket: (name) => socketPath(run, name),
  };
}

/** Empty, or a data directory already: `/`, say, must not be closed to everybody else. */
function isOurs(names: readonly string[]): boolean {
  const things = names.filter((name) => name !== "lost+found");
  return things.length === 0 || things.some((name) => marks.has(name));
}

/** The token and the logs belong into no repository. */
function ignore(root: string): void {
  try {
    writeFileSync(join(root, ".gitignore"), "*\n", { flag: "wx", mode: 0o600 });
  } catch {
    // It is there, or the disk takes nothing: supervision does not depend on it.
  }
}

function socketPath(run: string, name: string): string {
  const path = join(run, name);
  if (Buffer.byteLength(path) <= socketPathBytes) return path;
  const hash = shortHash(run);
  return join(
    privateDirectory(join(tmpdir(), `soulmirror-${process.getuid?.() ?? 0}-${hash}`)),
    name,
  );
}
