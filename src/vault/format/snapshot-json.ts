/** Snapshots: which tree stood for which paths at which time. */
import { isFileId } from "../location.ts";
import { Damage } from "./damage.ts";
import { formatTime, parseTime } from "./rfc3339.ts";

export interface Snapshot {
  readonly timeNs: bigint;
  /** Id of the snapshot it was compared with; empty for none. */
  readonly parent: string;
  /** Id of its root tree blob. */
  readonly tree: string;
  /** Absolute, as their owner named them. */
  readonly paths: readonly string[];
  readonly hostname: string;
  readonly username: string;
  readonly uid: number;
  readonly gid: number;
  readonly excludes: readonly string[];
  readonly tags: readonly string[];
  /** The snapshot it was rewritten from; empty for none. */
  readonly original: string;
  readonly programVersion: string;
}

/** A snapshot as it lies in a repository. */
export interface StoredSnapshot extends Snapshot {
  readonly id: string;
}

/** Fields in the order of restic's `Snapshot`, empty ones left out. */
export function encodeSnapshot(snapshot: Snapshot): string {
  const some = <T>(value: readonly T[]): readonly T[] | undefined =>
    value.length === 0 ? undefined : value;
  return JSON.stringify({
    time: formatTime(snapshot.timeNs),
    parent: snapshot.parent || undefined,
    tree: snapshot.tree,
    paths: snapshot.paths,
    hostname: snapshot.hostname || undefined,
    username: snapshot.username || undefined,
    uid: snapshot.uid || undefined,
    gid: snapshot.gid || undefined,
    excludes: some(snapshot.excludes),
    tags: some(snapshot.tags),
    original: snapshot.original || undefined,
    program_version: snapshot.programVersion || undefined,
  });
}

/** @throws Damage */
export function decodeSnapshot(json: unknown): Snapshot {
  const field = (name: string): unknown =>
    typeof json === "object" && json !== null
      ? (json as Readonly<Record<string, unknown>>)[name]
      : undefined;
  const text = (name: string): string => textOf(field(name) ?? "", name);
  const texts = (name: string): readonly string[] => {
    const list = field(name) ?? [];
    if (!Array.isArray(list)) throw new Damage(`a snapshot whose ${name} are not a list`);
    return list.map((each) => textOf(each, name));
  };
  const tree = text("tree");
  if (!isFileId(tree)) throw new Damage(`a snapshot with the tree ${JSON.stringify(tree)}`);
  return {
    timeNs: parseTime(text("time")),
    parent: text("parent"),
    tree,
    paths: texts("paths"),
    hostname: text("hostname"),
    username: text("username"),
    uid: countOf(field("uid")),
    gid: countOf(field("gid")),
    excludes: texts("excludes"),
    tags: texts("tags"),
    original: text("original"),
    programVersion: text("program_version"),
  };
}

function textOf(value: unknown, name: string): string {
  if (typeof value === "string") return value;
  throw new Damage(`a snapshot whose ${name} is ${JSON.stringify(value)}`);
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) ? value : 0;
}
