/** What may be written, and how it becomes bytes in a file. */
import { createHash, type Hash } from "node:crypto";
import { type FileHandle, open } from "node:fs/promises";
import { extname } from "node:path";
import { isCutOffJson } from "./damage.ts";
import { fileError } from "./file-error.ts";

export type Chunk = string | NodeJS.ArrayBufferView;

/** Text (UTF-8), bytes, or a stream of either. */
export type Content = Chunk | AsyncIterable<Chunk> | Iterable<Chunk>;

/** Says why a content is wrong; undefined: it is right. What it throws is a reason, too. */
export type Validate = (content: Buffer) => string | undefined;

export interface Digest {
  readonly sizeBytes: number;
  /** Of the content, in hexadecimal digits. */
  readonly sha256: string;
}

const readBytes = 1 << 18;

export function isWhole(content: Content): content is Chunk {
  return typeof content === "string" || ArrayBuffer.isView(content);
}

export function bytesOf(chunk: Chunk): Buffer {
  if (typeof chunk === "string") return Buffer.from(chunk);
  return Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
}

/** Writes all of it, and tells what was given. */
export async function pour(file: FileHandle, content: Content): Promise<Digest> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of isWhole(content) ? [content] : content) {
    const bytes = bytesOf(chunk);
    hash.update(bytes);
    await writeAll(file, bytes);
    sizeBytes += bytes.length;
  }
  return { sizeBytes, sha256: hash.digest("hex") };
}

/** The kernel may take a part of it only. */
export async function writeAll(file: FileHandle, bytes: Buffer): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, bytes.length - at);
    at += bytesWritten;
  }
}

/** What the kernel gives back. */
export async function digestOf(path: string): Promise<Digest> {
  const file = await open(path, "r");
  try {
    const hash = createHash("sha256");
    const sizeBytes = await eachChunk(file, hash);
    return { sizeBytes, sha256: hash.digest("hex") };
  } finally {
    await file.close();
  }
}

async function eachChunk(file: FileHandle, hash: Hash): Promise<number> {
  const buffer = Buffer.allocUnsafe(readBytes);
  let sizeBytes = 0;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, buffer.length, sizeBytes);
    if (bytesRead === 0) return sizeBytes;
    hash.update(buffer.subarray(0, bytesRead));
    sizeBytes += bytesRead;
  }
}

export interface Rules {
  readonly allowEmpty: boolean;
  readonly validate: Validate | undefined;
}

/** Throws FILE_EMPTY, FILE_TRUNCATED or FILE_INVALID. */
export function refuseWrong(content: Buffer, path: string, rules: Rules): void {
  if (content.length === 0) {
    if (rules.allowEmpty) return;
    throw emptyContent(path);
  }
  if (rules.validate === undefined && isCutOff(path, content)) {
    throw fileError("FILE_TRUNCATED", `the JSON for ${path} ends in its middle`, {
      path,
      fix: "write the whole text; for another format in a file of that name pass `validate`",
    });
  }
  const reason = rules.validate && reasonOf(rules.validate, content);
  if (reason === undefined) return;
  throw fileError("FILE_INVALID", `${path} may not have this content: ${reason}`, {
    path,
    fix: "mend what makes the content; what was in the file is unchanged",
  });
}

/** Only what can be looked through quickly is. */
const jsonBytesMax = 1 << 26;

/** The file should hold JSON, and ends in the middle of it. */
export function isCutOff(path: string, content: Buffer): boolean {
  if (extname(path) !== ".json" || content.length > jsonBytesMax) return false;
  return isCutOffJson(content.toString());
}

/** Why a content is wrong, or undefined. */
export function reasonOf(validate: Validate, content: Buffer): string | undefined {
  try {
    return validate(content);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

export function emptyContent(path: string): Error {
  return fileError("FILE_EMPTY", `nothing was given to be written to ${path}`, {
    path,
    fix: "await what makes the content, or pass `allowEmpty: true`",
  });
}
