/** What to say where a snapshot has nothing of what was asked for, and which one has it. */
import { SoulMirrorError } from "../../kernel/index.ts";
import {
  Damage,
  type HeldSnapshot,
  nodeAt,
  type RawPath,
  type Session,
  textOfRawPath,
} from "../../vault/index.ts";
import { plainText } from "../plain-text.ts";
import { saidSnapshot } from "./reading.ts";

/** The newest that are asked for a path. */
const askedMax = 500;

export interface Asked {
  readonly snapshots: readonly HeldSnapshot[];
  readonly snapshot: HeldSnapshot;
  /** Undefined: by patterns alone. */
  readonly path: RawPath | undefined;
}

export async function nothingMatches(session: Session, asked: Asked): Promise<SoulMirrorError> {
  const { path, snapshot } = asked;
  const sources = plainText(snapshot.paths.join(", "));
  if (path === undefined) {
    return new SoulMirrorError("NOT_FOUND", `nothing in ${saidSnapshot(snapshot)} matches`, {
      fix: `patterns are relative to ${sources}; \`soulmirror vault ls\` lists what there is`,
    });
  }
  const message = `${saidSnapshot(snapshot)} has no ${plainText(textOfRawPath(path))}`;
  const holder = await holderOf(session, path, asked);
  const fix =
    holder === undefined
      ? `no other snapshot has it either; protected is ${sources}`
      : `${saidSnapshot(holder)} has it: --snapshot ${holder.id.slice(0, 8)}`;
  return new SoulMirrorError("NOT_FOUND", message, { fix });
}

/** The last one that came. */
async function holderOf(
  session: Session,
  path: RawPath,
  { snapshot, snapshots }: Asked,
): Promise<HeldSnapshot | undefined> {
  for (const each of snapshots.toReversed().slice(0, askedMax)) {
    if (each.id !== snapshot.id && (await holds(session, each, path))) return each;
  }
  return undefined;
}

async function holds(session: Session, { tree }: HeldSnapshot, path: RawPath): Promise<boolean> {
  try {
    return (await nodeAt(session, tree, path)) !== undefined;
  } catch (error) {
    if (error instanceof Damage) return false;
    throw error;
  }
}
