/** The real world, as a drill sees it. */
import { createReadStream } from "node:fs";
import { createTreeSource } from "../../platform/tree/index.ts";
import type { DrillStage, RawPath, SourceEntry, TreeSource } from "../../vault/index.ts";
import { systemPath } from "../../vault/index.ts";
import { openScratchFolder } from "./scratch-folder.ts";

/** @param scratchParent a folder of ours, outside of all sources */
export function realStage(scratchParent: string): DrillStage {
  const source = createTreeSource();
  return {
    prepare: () => openScratchFolder(scratchParent),
    look: (path) => lookOrNothing(path, source),
    readLive: (path) => createReadStream(systemPath(path)),
  };
}

/** What nobody may look at is compared with nothing. */
function lookOrNothing(path: RawPath, source: TreeSource): SourceEntry | undefined {
  try {
    return source.look(path);
  } catch {
    return undefined;
  }
}
