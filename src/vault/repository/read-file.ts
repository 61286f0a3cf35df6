/**
 * A whole file as a location gives it. That a disk cannot read a file any more is damage of this
 * file, like a wrong bit in it, and the location is none the worse for the others.
 */
import { Damage } from "../format/damage.ts";
import { type FileName, type Location, LocationFault } from "../location.ts";

/** @throws Damage when it is unreadable, LocationFault */
export async function readFile(
  location: Location,
  file: FileName,
  signal: AbortSignal,
): Promise<Uint8Array> {
  try {
    return await location.get(file, signal);
  } catch (error) {
    if (!(error instanceof LocationFault) || error.kind !== "unreadable") throw error;
    throw new Damage(error.message, { cause: error });
  }
}
