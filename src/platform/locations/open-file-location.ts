import { realClock } from "../../system/index.ts";
import type { Location } from "../../vault/index.ts";
import { FolderLocation } from "./folder-location.ts";
import { LocalDisk } from "./local-disk.ts";

export interface FileLocationOptions {
  /** Absolute. */
  readonly folder: string;
  readonly region?: string;
  readonly isAppendOnly?: boolean;
  /** For one call; default 10 minutes, for a disk that is mounted from afar may never answer. */
  readonly limitMs?: number;
}

/** A repository in a folder of this machine, or of what is mounted there. */
export function openFileLocation(options: FileLocationOptions): Location {
  const { folder, region = "", isAppendOnly = false, limitMs = 600_000 } = options;
  return new FolderLocation(new LocalDisk(), {
    root: folder,
    traits: { name: `file:${folder}`, region, isAppendOnly },
    limitMs,
    wallMs: () => realClock.now().wallMs,
  });
}
