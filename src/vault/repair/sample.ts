/**
 * Reads single files of the locations, a few at a time, and mends at once what another location
 * has as it was written. That all of them are read sooner or later is up to the caller.
 *
 * M1. A file is what its name says, or it is damage: each is named by the hash of its content.
 * M2. What went meanwhile by right (a snapshot that was forgotten, an index that was merged) is no
 *     damage; a pack that is gone is, while an index names it.
 * M3. What nobody has as it was written is told and left as it is: `heal` can do more.
 * M4. A location that does not answer is told: what was not read there has to come up again.
 */
import { hexOfId } from "../format/ids.ts";
import { type FileKind, type FileName, fileKinds, LocationFault } from "../location.ts";
import { digestOf } from "../repository/codec.ts";
import { atEach, type Place } from "../repository/place.ts";
import type { Session } from "../repository/session.ts";
import { type Repair, RepairWork, unhurried } from "./repair-work.ts";

export interface StoredFile extends FileName {
  readonly location: string;
  readonly sizeBytes: number;
}

export interface SampledDamage extends FileName {
  readonly location: string;
  readonly reason: string;
  readonly isMended: boolean;
}

export interface SampleOutcome {
  readonly readBytes: number;
  readonly damage: readonly SampledDamage[];
  readonly repairs: readonly Repair[];
  /** Locations that did not answer: not all of their files were read. */
  readonly missed: readonly string[];
}

/** A lock of another process comes and goes, and its name says nothing. */
const kinds: readonly FileKind[] = fileKinds.filter((kind) => kind !== "lock");

/** All that there is, and the packs that should be. */
export async function listStored({ signal, vault }: Session): Promise<readonly StoredFile[]> {
  const found: StoredFile[] = [];
  const look = async ({ bit, location, name }: Place): Promise<void> => {
    const packs = new Set<string>();
    for (const kind of kinds) {
      for await (const { id, sizeBytes } of location.list(kind, signal)) {
        found.push({ location: name, kind, id, sizeBytes });
        if (kind === "pack") packs.add(id);
      }
    }
    for (const { id, locations } of vault.index.packs()) {
      const isMissing = (locations & bit) !== 0 && !packs.has(id);
      if (isMissing) found.push({ location: name, kind: "pack", id, sizeBytes: 0 });
    }
  };
  await atEach(vault.places, look, signal);
  return found;
}

export async function sample(
  session: Session,
  files: readonly Omit<StoredFile, "sizeBytes">[],
): Promise<SampleOutcome> {
  const { places } = session.vault;
  const work = new RepairWork(session, unhurried);
  const damage: SampledDamage[] = [];
  const missed = new Set<string>();
  let readBytes = 0;
  for (const { id, kind, location } of files) {
    const place = places.find(({ name }) => name === location);
    // One that is no part of the vault any more is missed by nobody.
    if (place === undefined) continue;
    const look = place.takesPart ? await lookAt(session, place, { kind, id }) : undefined;
    if (look === undefined) {
      missed.add(location);
      continue;
    }
    readBytes += look.readBytes;
    if (look.reason === "") continue;
    const others = places.filter((other) => other !== place);
    const bytes = await work.sound({ kind, id }, others);
    const isMended =
      bytes !== undefined &&
      (await work.write(place, { kind, id }, { parts: [bytes], how: "copied" }));
    damage.push({ location, kind, id, reason: look.reason, isMended });
  }
  return { readBytes, damage, repairs: work.repairs, missed: [...missed] };
}

interface Look {
  readonly readBytes: number;
  /** Empty: it is sound, or it is there by no right. */
  readonly reason: string;
}

/** Undefined: the place does not answer, so that nothing can be said of it. */
async function lookAt(
  { signal, vault }: Session,
  place: Place,
  file: FileName,
): Promise<Look | undefined> {
  try {
    const bytes = await place.location.get(file, signal);
    const isSound =
      file.kind === "config"
        ? vault.codec.openConfig(bytes).ok
        : hexOfId(digestOf(bytes)) === file.id;
    return {
      readBytes: bytes.length,
      reason: isSound ? "" : "its content is not what its name says",
    };
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof LocationFault)) throw error;
    if (error.kind === "unreadable") return { readBytes: 0, reason: error.message };
    if (error.kind !== "missing") {
      place.leaveOut(error);
      return undefined;
    }
    const isNamed = file.kind === "pack" && (vault.index.holdersOf(file.id) & place.bit) !== 0;
    return { readBytes: 0, reason: isNamed ? "an index names it, and it is not there" : "" };
  }
}
