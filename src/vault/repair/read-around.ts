/**
 * What a disk still gives of a file that it cannot read as a whole: pieces around the bad sectors,
 * which are zeros in what is returned. Whoever uses it has to prove each part that it takes.
 */
import { type ByteRange, type FileName, type Location, LocationFault } from "../location.ts";

/** A sector, or a page of memory. */
const leastBytes = 4096;
/** Some disks take a long time for each refusal. One bad sector in 16 MiB costs 13 of them. */
const mostRefusals = 100;

export async function readAround(
  location: Location,
  file: FileName,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const bytes = new Uint8Array((await location.stat(file, signal)) ?? 0);
  const waiting: ByteRange[] = bytes.length === 0 ? [] : [{ offset: 0, length: bytes.length }];
  let refusals = 0;
  for (let range = waiting.pop(); range !== undefined; range = waiting.pop()) {
    const { length, offset } = range;
    try {
      bytes.set(await location.get(file, signal, range), offset);
    } catch (error) {
      if (!(error instanceof LocationFault) || error.kind !== "unreadable") throw error;
      refusals += 1;
      if (refusals === mostRefusals) return bytes;
      if (length <= leastBytes) continue;
      const half = Math.ceil(length / 2);
      waiting.push({ offset: offset + half, length: length - half }, { offset, length: half });
    }
  }
  return bytes;
}
