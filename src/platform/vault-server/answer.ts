/**
 * One request of restic's REST protocol and its answer.
 *
 * A1. Who is asked for first: nothing of an address is looked at, and no byte of a body read, for
 *     somebody who is not let in.
 * A2. With `isAppendOnly` nothing but locks is ever removed, and without it nothing is replaced
 *     either: what is written stays as it is.
 * A3. 200 to an upload means that it is on the disk, whole, under its name.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import type { FileKind, FileName } from "../../vault/index.ts";
import type { Doorkeeper } from "./doorkeeper.ts";
import { placeOf } from "./place-of.ts";
import type { Quota } from "./quota.ts";
import { Refusal } from "./refusal.ts";
import { type NamedSize, RepositoryFolder } from "./repository-folder.ts";

export interface AnswerOptions {
  readonly root: string;
  readonly quota: Quota;
  readonly maxFileBytes: number;
  readonly isAppendOnly: boolean;
  /** The first folder of an address must be the name of who asks. */
  readonly arePrivate: boolean;
  /** Missing: whoever reaches the server is let in. */
  readonly doorkeeper: Doorkeeper | undefined;
}

export interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  /** The client waits before it sends the body (`Expect: 100-continue`). */
  readonly isExpecting: boolean;
}

const secondVersion = "application/vnd.x.restic.rest.v2";
const firstVersion = "application/vnd.x.restic.rest.v1";
const octets = "application/octet-stream";

/** Resolves when the answer is sent; rejects with what `refusalOf` knows. */
export async function answer(exchange: Exchange, options: AnswerOptions): Promise<void> {
  const { request } = exchange;
  const user = await options.doorkeeper?.userOf(request.headers.authorization);
  if (options.doorkeeper !== undefined && user === undefined) {
    throw new Refusal(401, "who are you?");
  }
  const [path = "", query = ""] = (request.url ?? "").split("?");
  const place = placeOf(path);
  if (place === undefined) throw new Refusal(404, "not found");
  if (options.arePrivate && place.repository[0] !== user) {
    throw new Refusal(403, "that is the repository of somebody else");
  }
  const folder = new RepositoryFolder(place.repository, options);
  switch (place.kind) {
    case "repository":
      return ofRepository(exchange, folder, new URLSearchParams(query));
    case "files":
      if (request.method !== "GET") throw methodNotAllowed();
      return sendList(exchange, folder, place.files);
    case "file":
      return ofFile(exchange, folder, { ...options, file: place.file });
  }
}

async function ofRepository(
  { request, response }: Exchange,
  folder: RepositoryFolder,
  query: URLSearchParams,
): Promise<void> {
  if (request.method === "DELETE") {
    throw new Refusal(501, "no repository is removed through the network");
  }
  if (request.method !== "POST" || query.get("create") !== "true") throw methodNotAllowed();
  await folder.create();
  response.writeHead(200).end();
}

interface FileWish {
  readonly file: FileName;
  readonly isAppendOnly: boolean;
  readonly maxFileBytes: number;
  readonly quota: Quota;
}

async function ofFile(exchange: Exchange, folder: RepositoryFolder, wish: FileWish): Promise<void> {
  const { request, response } = exchange;
  switch (request.method) {
    case "HEAD":
    case "GET":
      return sendFile(exchange, folder, wish.file);
    case "POST":
      return receiveFile(exchange, folder, wish);
    case "DELETE":
      if (wish.isAppendOnly && wish.file.kind !== "lock") {
        throw new Refusal(403, "read-only: this server removes nothing but locks");
      }
      await folder.remove(wish.file);
      response.writeHead(200).end();
      return undefined;
    default:
      throw methodNotAllowed();
  }
}

async function receiveFile(
  { request, response, isExpecting }: Exchange,
  folder: RepositoryFolder,
  { file, maxFileBytes, quota }: FileWish,
): Promise<void> {
  const sizeBytes = Number(request.headers["content-length"] ?? 0);
  if (sizeBytes > maxFileBytes) throw new Refusal(413, "the file is too large");
  if (!quota.hasRoomFor(sizeBytes)) throw new Refusal(507, "full: the quota is used up");
  if (isExpecting) response.writeContinue();
  // The connection is still needed for the answer when the rest of a body is not wanted.
  await folder.write(file, request.iterator({ destroyOnReturn: false }));
  response.writeHead(200).end();
}

async function sendFile(
  { request, response }: Exchange,
  folder: RepositoryFolder,
  name: FileName,
): Promise<void> {
  await using opened = await folder.open(name);
  const { file, sizeBytes } = opened;
  const range = rangeOf(request.headers.range, sizeBytes);
  if (range === undefined) {
    response.setHeader("content-range", `bytes */${sizeBytes}`);
    throw new Refusal(416, "the file ends before that");
  }
  const { from, to } = range;
  const isPart = request.headers.range !== undefined;
  response.writeHead(isPart ? 206 : 200, {
    "accept-ranges": "bytes",
    "content-length": to - from,
    "content-type": octets,
    ...(isPart ? { "content-range": `bytes ${from}-${to - 1}/${sizeBytes}` } : {}),
  });
  if (request.method === "HEAD" || to === from) {
    response.end();
    return;
  }
  const stream = file.createReadStream({
    start: from,
    end: to - 1,
    autoClose: false,
    highWaterMark: 256 * 1024,
  });
  await pipeline(stream, response);
}

interface Span {
  readonly from: number;
  /** Not part of it any more. */
  readonly to: number;
}

/** Undefined: there is nothing of that range. Ranges of other forms than ours are none. */
function rangeOf(header: string | undefined, sizeBytes: number): Span | undefined {
  if (header === undefined) return { from: 0, to: sizeBytes };
  const [, first, last = ""] = /^bytes=(\d{1,15})-(\d{0,15})$/.exec(header) ?? [];
  if (first === undefined) return undefined;
  const from = Number(first);
  const to = last === "" ? sizeBytes : Math.min(sizeBytes, Number(last) + 1);
  return from < to ? { from, to } : undefined;
}

async function sendList(
  { request, response }: Exchange,
  folder: RepositoryFolder,
  kind: FileKind,
): Promise<void> {
  const isSecond = (request.headers.accept ?? "").includes(secondVersion);
  const written = writtenList(folder.list(kind), isSecond);
  // What is wrong with the folder shows with the first piece, before anything is sent.
  const first = await written.next();
  response.writeHead(200, { "content-type": isSecond ? secondVersion : firstVersion });
  if (first.done !== true) response.write(first.value);
  await pipeline(Readable.from(written), response);
}

async function* writtenList(
  batches: AsyncIterable<readonly NamedSize[]>,
  isSecond: boolean,
): AsyncGenerator<string> {
  let separator = "[";
  for await (const batch of batches) {
    const items = batch.map(({ name, sizeBytes }) =>
      JSON.stringify(isSecond ? { name, size: sizeBytes } : name),
    );
    if (items.length === 0) continue;
    yield separator + items.join(",");
    separator = ",";
  }
  yield separator === "[" ? "[]" : "]";
}

function methodNotAllowed(): Refusal {
  return new Refusal(405, "that address has other methods");
}
