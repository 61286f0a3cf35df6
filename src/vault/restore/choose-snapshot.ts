/**
 * The snapshot that is meant: the latest, one by its id, or the one that held at a moment; among
 * those of a host, a path, tags.
 */
import { failed, type Result, SoulMirrorError, success } from "../../kernel/index.ts";
import { formatTime } from "../format/rfc3339.ts";
import type { StoredSnapshot } from "../format/snapshot-json.ts";
import { rawPathOfText } from "../raw-path.ts";
import { byTimeAndId } from "../repository/snapshots.ts";
import { isInside } from "../select/is-inside.ts";
import { type LocalNow, parseMoment } from "./parse-moment.ts";

export interface SnapshotWish {
  /** `latest`, the one that came last, or the first digits of an id; default `latest`. */
  readonly id?: string;
  /** The last one that is not later than this moment; see `parse-moment.ts`. */
  readonly at?: string;
  readonly host?: string;
  /** Absolute; snapshots that were made of it, or of a folder above it. */
  readonly path?: string;
  /** All of them. */
  readonly tags?: readonly string[];
}

/**
 * @param snapshots as they came, the latest one last; see `inOrderOfArrival`
 *
 * Or an error OPTIONS_INVALID for a moment, or for an id that says too little; NOT_FOUND when there
 * is none, with what there is instead.
 */
export function chooseSnapshot<S extends StoredSnapshot>(
  snapshots: readonly S[],
  wish: SnapshotWish,
  now: LocalNow,
): Result<S, SoulMirrorError> {
  const { at, id = "latest" } = wish;
  if (at !== undefined && id !== "latest") {
    return invalid("either an id or a moment chooses a snapshot, not both");
  }
  if (snapshots.length === 0) return none("the vault has no snapshots", "make one: vault backup");
  const matching = snapshots.filter((snapshot) => matches(snapshot, wish));
  const fix = "vault snapshots lists what there is";
  if (matching.length === 0) return none(`no snapshot is ${wordsOf(wish)}`, fix);
  if (id !== "latest") return byId(matching, id);
  if (at === undefined) return success(matching.at(-1) as S);
  const sorted = matching.toSorted(byTimeAndId);
  const moment = parseMoment(at, now);
  if (!moment.ok) return invalid(moment.error);
  const limitNs = BigInt(Math.round(moment.value)) * 1_000_000n;
  const held = sorted.findLast(({ timeNs }) => timeNs <= limitNs);
  if (held !== undefined) return success(held);
  const [oldest] = sorted as [S, ...S[]];
  const told = `${oldest.id.slice(0, 8)} of ${formatTime(oldest.timeNs)}`;
  return none(`no snapshot is as old as ${formatTime(limitNs)}; the oldest is ${told}`, fix);
}

function byId<S extends StoredSnapshot>(
  snapshots: readonly S[],
  id: string,
): Result<S, SoulMirrorError> {
  if (!/^[0-9a-f]{1,64}$/.test(id)) {
    return invalid(`${JSON.stringify(id)} is neither "latest" nor the beginning of an id`);
  }
  const found = snapshots.filter((snapshot) => snapshot.id.startsWith(id));
  const [first] = found;
  if (first === undefined) {
    return none(`no snapshot has an id that begins with ${id}`, "vault snapshots lists them");
  }
  if (found.length === 1) return success(first);
  const ids = found.map((snapshot) => snapshot.id.slice(0, Math.max(8, id.length + 2)));
  return invalid(`${id} is the beginning of ${found.length} ids: ${ids.slice(0, 5).join(", ")}`);
}

function matches(
  { hostname, paths, tags }: StoredSnapshot,
  { host, path, tags: wanted = [] }: SnapshotWish,
): boolean {
  if (host !== undefined && hostname !== host) return false;
  if (!wanted.every((tag) => tags.includes(tag))) return false;
  if (path === undefined) return true;
  return paths.some((each) => isInside(rawPathOfText(path), rawPathOfText(each)));
}

function wordsOf({ host, path, tags = [] }: SnapshotWish): string {
  return [
    host === undefined ? "" : `of the host ${host}`,
    path === undefined ? "" : `of ${path}`,
    tags.length === 0 ? "" : `tagged ${tags.join(" and ")}`,
  ]
    .filter((words) => words !== "")
    .join(", ");
}

function invalid(message: string): Result<never, SoulMirrorError> {
  return failed(new SoulMirrorError("OPTIONS_INVALID", message));
}

function none(message: string, fix: string): Result<never, SoulMirrorError> {
  return failed(new SoulMirrorError("NOT_FOUND", message, { fix }));
}
