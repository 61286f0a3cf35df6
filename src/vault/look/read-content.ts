/** The beginning of a file of a snapshot, for people who look at it. */
import { Buffer } from "node:buffer";
import { idOfHex } from "../format/ids.ts";
import type { FileNode } from "../format/tree-node.ts";
import type { Session } from "../repository/session.ts";

/** @throws Damage when no location gives a part of it */
export async function readContent(
  { signal, vault }: Session,
  { content }: FileNode,
  bytesMax: number,
): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for (const id of content) {
    if (bytes >= bytesMax) break;
    const part = await vault.reader.read(idOfHex(id), "data", signal);
    parts.push(part);
    bytes += part.length;
  }
  return Buffer.concat(parts).subarray(0, bytesMax);
}
