/** Index files: which blobs lie in which packs. */
import { isFileId } from "../location.ts";
import type { PackedBlob } from "./blob.ts";
import { Damage } from "./damage.ts";
import { hexOfId, idOfHex } from "./ids.ts";

export interface IndexedPack {
  readonly id: string;
  readonly blobs: readonly PackedBlob[];
}

/** Of one index file, as restic limits it. */
export const mostIndexBlobs = 50_000;

export interface IndexFile {
  readonly packs: readonly IndexedPack[];
}

export function encodeIndex(packs: readonly IndexedPack[]): string {
  return `{"packs":[${packs.map(encodePack).join(",")}]}`;
}

function encodePack({ id, blobs }: IndexedPack): string {
  return `{"id":"${id}","blobs":[${blobs.map(encodeBlob).join(",")}]}`;
}

function encodeBlob({ id, kind, offset, length, plainLength }: PackedBlob): string {
  const plain = plainLength === 0 ? "" : `,"uncompressed_length":${plainLength}`;
  return `{"id":"${hexOfId(id)}","type":"${kind}","offset":${offset},"length":${length}${plain}}`;
}

type Json = Readonly<Record<string, unknown>>;

/** @throws Damage */
export function decodeIndex(json: unknown): IndexFile {
  if (typeof json !== "object" || json === null) throw new Damage("an index that is no object");
  // What it supersedes, as restic before 0.15 told, lies beside it or is gone: both are right.
  const { packs } = json as Json;
  return { packs: listOf(packs, "packs").map((pack) => decodePack(pack as Json)) };
}

function decodePack(json: Json): IndexedPack {
  return { id: idOf(json["id"]), blobs: listOf(json["blobs"], "blobs").map(decodeBlob) };
}

function decodeBlob(value: unknown): PackedBlob {
  const json = value as Json;
  const kind = json["type"];
  if (kind !== "data" && kind !== "tree") throw new Damage(`a blob of the type ${String(kind)}`);
  return {
    id: idOfHex(idOf(json["id"])),
    kind,
    offset: lengthOf(json["offset"]),
    length: lengthOf(json["length"]),
    plainLength: plainLengthOf(json["uncompressed_length"] ?? 0),
  };
}

function listOf(value: unknown, name: string): readonly unknown[] {
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new Damage(`an index whose ${name} are not a list`);
  return value;
}

function idOf(value: unknown): string {
  if (typeof value === "string" && isFileId(value)) return value;
  throw new Damage(`${JSON.stringify(value)} in an index is not an id`);
}

/** Its highest bit is none of a length: what has it would be taken for another kind of blob. */
function plainLengthOf(value: unknown): number {
  const length = lengthOf(value);
  if (length < 2 ** 31) return length;
  throw new Damage(`${length} in an index is too much for the length of a blob`);
}

function lengthOf(value: unknown): number {
  if (typeof value === "number" && Number.isInteger(value) && value >= 0 && value < 2 ** 32) {
    return value;
  }
  throw new Damage(`${JSON.stringify(value)} in an index is not a length`);
}
