/**
 * Takes a name away, and all below it, as far as that may go.
 *
 * 1. What may not go stays, with the folders above it.
 * 2. No other file system is entered: what is mounted there is somebody else's.
 * 3. Links are taken away, and never followed.
 */
import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readdirSync,
  rmdirSync,
  unlinkSync,
} from "node:fs";
import { joinRaw, type RawPath, rawPathOfBytes, systemPath } from "../../vault/index.ts";

export interface Removal {
  /** Descriptor of the folder that it lies in. */
  readonly folder: number;
  readonly name: RawPath;
  /** By which `mayGo` knows it. */
  readonly path: RawPath;
  readonly mayGo: (path: RawPath) => boolean;
}

const asFolder = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** False: something of it is still there. */
export function removeBelow({ folder, mayGo, name, path }: Removal): boolean {
  if (!mayGo(path)) return false;
  const address = systemPath(`/proc/self/fd/${folder}/${name}` as RawPath);
  if (!lstatSync(address).isDirectory()) {
    unlinkSync(address);
    return true;
  }
  const descriptor = openSync(address, asFolder);
  try {
    if (fstatSync(descriptor).dev !== fstatSync(folder).dev) return false;
    const names = readdirSync(`/proc/self/fd/${descriptor}`, { encoding: "buffer" });
    const isEmpty = names
      .map(rawPathOfBytes)
      .map((each) =>
        removeBelow({ folder: descriptor, name: each, path: joinRaw(path, each), mayGo }),
      )
      .every((isGone) => isGone);
    if (!isEmpty) return false;
  } finally {
    closeSync(descriptor);
  }
  rmdirSync(address);
  return true;
}
