/**
 * What each location lists, and what of it can be understood. Everything small is read (config,
 * keys, indexes, snapshots), of packs only the sizes.
 *
 * V1. Nothing is believed because another location holds a file of the same name: each location's
 *     own copy is read.
 * V2. Damage ends nothing: it becomes a finding, and the survey goes on without the file.
 * V3. A location that fails meanwhile is left out (`Place`), and says nothing about the others.
 */
import { Damage } from "../format/damage.ts";
import { decodeIndex, type IndexedPack } from "../format/index-json.ts";
import { packBytesOf } from "../format/pack-header.ts";
import { decodeSnapshot, type StoredSnapshot } from "../format/snapshot-json.ts";
import { BlobIndex } from "../index/blob-index.ts";
import { LocationFault } from "../location.ts";
import { hexDigestOf } from "../repository/codec.ts";
import { atEach, type Place } from "../repository/place.ts";
import { readFile } from "../repository/read-file.ts";
import type { Session } from "../repository/session.ts";
import type { Finding } from "./finding.ts";

/** What indexes say of a pack. */
export interface PackFacts {
  readonly sizeBytes: number;
  readonly blobCount: number;
  readonly holdsTrees: boolean;
}

/** Sound files of one location by their ids; of packs, all that are listed with their sizes. */
export interface PlaceSurvey {
  readonly place: Place;
  config: Uint8Array | undefined;
  readonly keys: Map<string, Uint8Array>;
  /** The packs that each index names. */
  readonly indexes: Map<string, readonly string[]>;
  readonly snapshots: Map<string, StoredSnapshot>;
  readonly packs: Map<string, number>;
}

export interface Survey {
  readonly index: BlobIndex;
  readonly packs: Map<string, PackFacts>;
  readonly places: PlaceSurvey[];
  /** Of files that are there and cannot be understood. */
  readonly findings: Omit<Finding, "repairableFrom">[];
}

/** Small files that are read at once of each location. */
const readsAtOnce = 4;

export async function takeSurvey(session: Session): Promise<Survey> {
  const survey: Survey = { index: new BlobIndex(), packs: new Map(), places: [], findings: [] };
  const { places } = session.vault;
  const look = async (place: Place): Promise<void> => {
    survey.places.push(await lookAt(session, survey, place));
  };
  await atEach(places, look, session.signal);
  const order = ({ place }: PlaceSurvey): number => places.indexOf(place);
  survey.places.sort((left, right) => order(left) - order(right));
  return survey;
}

/**
 * Snapshots before indexes before packs: what is written meanwhile refers to what is seen later.
 */
async function lookAt(session: Session, survey: Survey, place: Place): Promise<PlaceSurvey> {
  const { signal, vault } = session;
  const { codec } = vault;
  const seen: PlaceSurvey = {
    place,
    config: undefined,
    keys: new Map(),
    indexes: new Map(),
    snapshots: new Map(),
    packs: new Map(),
  };
  const look: Look = { place, survey, signal };
  await readEach(look, "config", (_id, bytes) => {
    const opened = codec.openConfig(bytes);
    if (!opened.ok) throw new Damage(opened.error.message);
    seen.config = bytes;
  });
  await readEach(look, "key", (id, bytes) => {
    if (hexDigestOf(bytes) !== id) throw new Damage("the hash of the key is another");
    seen.keys.set(id, bytes);
  });
  await readEach(look, "snapshot", (id, bytes) => {
    seen.snapshots.set(id, { ...decodeSnapshot(codec.decodeFile(bytes, id)), id });
  });
  await readEach(look, "index", (id, bytes) => {
    const { packs } = decodeIndex(codec.decodeFile(bytes, id));
    for (const pack of packs) {
      survey.index.add(pack, place.bit);
      survey.packs.set(pack.id, factsOf(pack));
    }
    seen.indexes.set(
      id,
      packs.map((pack) => pack.id),
    );
  });
  for await (const { id, sizeBytes } of place.location.list("pack", signal)) {
    seen.packs.set(id, sizeBytes);
  }
  return seen;
}

interface Look {
  readonly place: Place;
  readonly survey: Survey;
  readonly signal: AbortSignal;
}

/** V2. */
async function readEach(
  { place, signal, survey }: Look,
  kind: Finding["kind"],
  understand: (id: string, bytes: Uint8Array) => void,
): Promise<void> {
  const waiting: string[] = [];
  for await (const { id } of place.location.list(kind, signal)) waiting.push(id);
  const reader = async (): Promise<void> => {
    for (let id = waiting.pop(); id !== undefined; id = waiting.pop()) {
      try {
        understand(id, await readFile(place.location, { kind, id }, signal));
      } catch (error) {
        // Gone since it was listed: who removed it had the right to.
        if (error instanceof LocationFault && error.kind === "missing") continue;
        if (!(error instanceof Damage)) throw error;
        const location = place.name;
        survey.findings.push({ location, kind, id, problem: "damaged", reason: error.message });
      }
    }
  };
  await Promise.all(Array.from({ length: readsAtOnce }, reader));
}

function factsOf({ blobs }: IndexedPack): PackFacts {
  const holdsTrees = blobs.some(({ kind }) => kind === "tree");
  return { sizeBytes: packBytesOf(blobs), blobCount: blobs.length, holdsTrees };
}
