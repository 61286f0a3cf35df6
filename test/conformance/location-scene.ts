/** What the suites for locations need: a scene for each adapter, and files to put into it. */
import { createHash } from "node:crypto";
import type { FileKind, FileName, ListedFile, Location } from "../../src/vault/index.ts";

export type SceneFault = keyof typeof sceneFaults;

/** What happens to a location until it is lifted, and how the location must say so. */
export const sceneFaults = {
  /** Nobody answers there: the connection is refused, the server is gone. */
  down: { says: "away", writesOnly: false },
  /** Each connection is cut after 100 kB, those that are open as well. */
  cut: { says: "away", writesOnly: false },
  /** Nothing comes through any more, and nobody says so: the limit of the adapter ends the call. */
  stalled: { says: "away", writesOnly: false },
  /** The folder of the repository is not there, as of a disk that was unmounted. */
  vanished: { says: "away", writesOnly: false },
  denied: { says: "denied", writesOnly: false },
  /** Asks to come back in two seconds, if its protocol can say so. */
  throttled: { says: "throttled", writesOnly: false },
  /** Answers what its protocol does not know. */
  strange: { says: "strange", writesOnly: false },
  /** Less than 300 kB of room are left. */
  full: { says: "full", writesOnly: true },
  "read-only": { says: "read-only", writesOnly: true },
} as const;

/** A place without a repository, and what takes it away again. */
export interface LocationScene extends AsyncDisposable {
  /**
   * Not prepared yet. Its limit on a server that says nothing is about a second. Whoever made it
   * disposes of it with the scene.
   */
  readonly location: Location;
  /** Puts a file below the root behind the adapter's back, folders included. */
  plant(path: string, bytes: Uint8Array): Promise<void>;
  /** Only for faults that the suite was told of. */
  strike?(fault: SceneFault): Promise<void>;
  lift?(): Promise<void>;
}

export type OpenScene = () => Promise<LocationScene>;

export const never: AbortSignal = new AbortController().signal;

export interface SampleFile {
  readonly file: FileName;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Bytes that nothing can compress, named after their content; the same for the same numbers. */
export function sample(kind: FileKind, number: number, sizeBytes = 1000): SampleFile {
  const bytes = new Uint8Array(sizeBytes);
  let word = (number * 2654435761 + sizeBytes) >>> 0;
  for (let at = 0; at < sizeBytes; at += 1) {
    word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
    bytes[at] = word >>> 24;
  }
  const id = kind === "config" ? "" : createHash("sha256").update(bytes).digest("hex");
  return { file: { kind, id }, bytes };
}

/** The parts of a file, as a pack has them: each in a buffer of its own. */
export function inParts(bytes: Uint8Array, partBytes: number): readonly Uint8Array[] {
  const count = Math.ceil(bytes.length / partBytes);
  return Array.from({ length: count }, (_, index) =>
    bytes.slice(index * partBytes, (index + 1) * partBytes),
  );
}

export async function listed(
  location: Location,
  kind: FileKind,
  signal: AbortSignal = never,
): Promise<readonly ListedFile[]> {
  const files: ListedFile[] = [];
  for await (const file of location.list(kind, signal)) files.push(file);
  return files.toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

/** As `listed` shows them. */
export function asListed(samples: readonly SampleFile[]): readonly ListedFile[] {
  return samples
    .map(({ file, bytes }) => ({ ...file, sizeBytes: bytes.length }))
    .toSorted((a, b) => (a.id < b.id ? -1 : 1));
}

export async function putAll(location: Location, samples: readonly SampleFile[]): Promise<void> {
  await Promise.all(samples.map(({ file, bytes }) => location.put(file, [bytes], never)));
}
