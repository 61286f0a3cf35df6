/** Reads files that were restored from the disk again, spread over the target's lanes. */
import { contentLength } from "../format/blob.ts";
import { idOfHex } from "../format/ids.ts";
import type { Session } from "../repository/session.ts";
import type { WantedFile } from "./plan-runs.ts";
import type { CheckedFile, RestoreTarget } from "./restore-target.ts";

/** Files in one request: the answer comes when all of them are read. */
const filesAtOnce = 64;

export interface ReadBack {
  readonly file: WantedFile;
  readonly result: CheckedFile;
}

export async function readBack(
  { signal, vault }: Session,
  target: RestoreTarget,
  files: readonly WantedFile[],
): Promise<readonly ReadBack[]> {
  const results: ReadBack[] = [];
  let next = 0;
  const lane = async (number: number): Promise<void> => {
    while (next < files.length) {
      signal.throwIfAborted();
      const some = files.slice(next, next + filesAtOnce);
      next += filesAtOnce;
      const wanted = some.map(({ node, path }) => {
        const lengths = node.content.map((id) => {
          const [place] = vault.index.find(idOfHex(id), "data");
          return place === undefined ? 0 : contentLength(place);
        });
        return { path, ids: node.content, lengths };
      });
      const checked = await target.readBack(number, wanted);
      for (const [at, file] of some.entries()) {
        const result = checked[at];
        if (result !== undefined) results.push({ file, result });
      }
    }
  };
  const lanes = Array.from({ length: target.lanes }, (_, number) => lane(number));
  const settled = await Promise.allSettled(lanes);
  for (const each of settled) if (each.status === "rejected") throw each.reason;
  return results;
}
