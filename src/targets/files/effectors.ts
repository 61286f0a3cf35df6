/**
 * Deletes old files below declared roots: step kind `clean`. Irreversible, so it has no undo.
 *
 * This is the most dangerous deed of the house. What must hold, whoever races with it:
 * F1. Nothing outside the roots is deleted: folders are held open and never reached again by their
 *     path (see open-folder.ts); links, also in the path of a root, are not followed; mounts
 *     are not crossed.
 * F2. No protected folder is a root (see protected-folders.ts), and none is entered.
 * F3. Only regular files that match the pattern and whose last change is old enough are deleted,
 *     at most `filesMax` in a run, whatever the number of places. Folders and links stay.
 * F4. `precheck` is a dry run: it counts, and refuses when there is nothing to delete in any place.
 * F5. A place that is none to clean, or holds nothing, does not keep the others from being cleaned;
 *     each is named with what was found, removed or refused.
 * The limit that is left: a young file that takes an old one's name in the instant between the
 * look and the deletion goes in its place. It matches the pattern and lies below the root.
 */
import { unlink } from "node:fs/promises";
import { z } from "zod";
import { type Clock, formatBytes } from "../../kernel/index.ts";
import type { AbortSignalLike, Effector, StepResult } from "../../model/index.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { type Count, cleanPlace, type Place, type Refused } from "./clean-place.ts";
import type { FoundFile, WalkNotes } from "./walk-files.ts";

export interface CleanEffectorOptions {
  readonly clock: Clock;
  /** Absolute paths, sealed with all that is below: the data directory, and not a whole home. */
  readonly protectedPaths: readonly string[];
  readonly filesMax?: number;
}

const place = z.object({
  root: z.string().min(1),
  pattern: z.string().min(1),
  olderThanMs: z.number().nonnegative(),
});

const parameters = z.object({ places: z.array(place).min(1) });

/** What came of all places together. */
interface Tally {
  readonly files: number;
  /** Nothing was passed over, and no place refused. */
  readonly isWhole: boolean;
  readonly areAllRefused: boolean;
  readonly text: string;
}

export function createCleanEffector(options: CleanEffectorOptions): Effector {
  const { filesMax = 100_000, clock, protectedPaths } = options;

  /** One after the other, as they are declared. */
  async function cleanAll(
    places: readonly Place[],
    signal: AbortSignalLike,
    { verb, deed }: Deed,
  ): Promise<Tally> {
    const nowMs = clock.now().wallMs;
    const found: (Count | Refused)[] = [];
    for (const each of places) {
      const left = filesMax - filesOf(found);
      const run = { nowMs, protectedPaths, filesMax: left, signal, deed };
      found.push(await cleanPlace(each, run));
      if (signal.aborted) break;
    }
    return {
      files: filesOf(found),
      isWhole: found.every((each) => "files" in each && each.notes.passedOver === 0),
      areAllRefused: found.every((each) => "refusal" in each),
      text: places.map((each, index) => sentence(each, found[index], verb)).join("; "),
    };
  }

  return guardedEffector({
    kind: "clean",
    parameters,
    precheck: async ({ places }, _command, signal): Promise<StepResult> => {
      const found = await cleanAll(places, signal, {
        verb: "would remove",
        deed: async () => undefined,
      });
      if (signal.aborted) return { kind: "failed", reason: "counting took too long" };
      if (found.files > 0) return { kind: "done", detail: found.text };
      return { kind: "refused", reason: found.text };
    },
    act: async ({ places }, _command, signal): Promise<StepResult> => {
      const deed = ({ at }: FoundFile): Promise<void> => unlink(at);
      const removed = await cleanAll(places, signal, { verb: "removed", deed });
      const { files, isWhole, areAllRefused, text } = removed;
      if (signal.aborted) return { kind: "failed", reason: `its deadline passed: ${text}` };
      if (areAllRefused) return { kind: "refused", reason: text };
      return files > 0 || isWhole
        ? { kind: "done", detail: text }
        : { kind: "failed", reason: text };
    },
  });
}

interface Deed {
  readonly verb: string;
  readonly deed: (file: FoundFile) => Promise<void>;
}

function filesOf(found: readonly (Count | Refused)[]): number {
  return found.reduce((sum, each) => sum + ("files" in each ? each.files : 0), 0);
}

/** Several places may have one root. */
function sentence(place: Place, found: Count | Refused | undefined, verb: string): string {
  const where = `${place.root} (${place.pattern})`;
  if (found === undefined) return `${where} was not reached`;
  if ("refusal" in found) return found.refusal;
  const { files, bytes, notes } = found;
  const amount = `${files} ${files === 1 ? "file" : "files"}, ${formatBytes(bytes)}`;
  const what = files > 0 || notes.isCut ? `${verb} ${amount}` : "nothing to clean";
  return `${what} in ${where}${notes.isCut ? ", there is more" : ""}${blame(notes)}`;
}

function blame({ passedOver, reason }: WalkNotes): string {
  return passedOver === 0 ? "" : `, ${passedOver} could not be read or removed (${reason})`;
}
