/**
 * A disk behind SFTP.
 *
 * S1. One connection, made when something is asked for and again by the call after its end: the
 *     calls that were under way reject with `away`.
 * S2. What is written is synced (`fsync@openssh.com`) before it gets its name, and the name is
 *     given in one step (`posix-rename@openssh.com`, `hardlink@openssh.com`), where the server can.
 * S3. Then its folder is synced as well, where the server opens folders, as OpenSSH does. A server
 *     that cannot sync is told of (`notice`).
 */
import { Buffer } from "node:buffer";
import type { ByteRange } from "../../../vault/index.ts";
import { type Disk, type DiskEntry, DiskError } from "../disk.ts";
import {
  attributes,
  FieldReader,
  noSftp,
  number32,
  number64,
  type Packet,
  packetTypes,
  text,
} from "./packets.ts";
import { SftpClient, type SftpClientOptions } from "./sftp-client.ts";
import { openSshChannel } from "./ssh-channel.ts";
import { hasFailed, refusalOf } from "./status.ts";

export interface SftpDiskOptions extends SftpClientOptions {
  /** Of the program to speak through. */
  readonly command: readonly string[];
}

const pieceBytes = 32 * 1024;
const modeOfFile = 0o400;
const flags = { read: 1, writeNew: 2 | 8 | 32 } as const;
const extensions = {
  rename: "posix-rename@openssh.com",
  sync: "fsync@openssh.com",
  link: "hardlink@openssh.com",
} as const;

export class SftpDisk implements Disk {
  readonly #options: SftpDiskOptions;
  #client: Promise<SftpClient> | undefined;
  #isClosed = false;
  /** Of the last server that was reached. */
  #isSynced: boolean | undefined;

  constructor(options: SftpDiskOptions) {
    this.#options = options;
  }

  async makeFolder(path: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    const fields = [text(path), attributes(0o700)];
    const answer = await client.request(packetTypes.makeFolder, fields);
    const refusal = await refusalOf(client, answer, path);
    if (refusal === undefined) return;
    const there = await client.request(packetTypes.stat, [text(path)]);
    if (there.type !== packetTypes.attributes || !isFolder(there)) throw refusal;
  }

  get notice(): string | undefined {
    if (this.#isSynced !== false) return undefined;
    return `its server does not know ${extensions.sync}: what was just stored may be lost when the power fails there`;
  }

  /** OpenSSH opens folders like files. Where a server does not, it is left to its own care (S3). */
  async syncFolder(path: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    if (!client.has(extensions.sync)) return;
    const fields = [text(path), number32(flags.read), attributes()];
    const opened = await client.request(packetTypes.open, fields);
    if (opened.type !== packetTypes.handle) return;
    const handle = handleIn(opened);
    try {
      const sync = [text(extensions.sync), handle];
      const answer = await client.request(packetTypes.extended, sync);
      if (hasFailed(answer)) await prove(client, answer, path);
    } finally {
      release(client, handle);
    }
  }

  async entries(
    folder: string,
    signal: AbortSignal,
    wanted: (name: string) => boolean,
  ): Promise<readonly DiskEntry[]> {
    const client = await this.#connect(signal);
    const handle = await open(client, folder, [packetTypes.openFolder, [text(folder)]]);
    const entries: DiskEntry[] = [];
    try {
      for (;;) {
        signal.throwIfAborted();
        const answer = await client.request(packetTypes.readFolder, [handle]);
        if (isEnd(answer)) return entries;
        if (answer.type !== packetTypes.names) throw await failureOf(client, answer, folder);
        entries.push(...entriesIn(answer).filter(({ name }) => wanted(name)));
      }
    } finally {
      release(client, handle);
    }
  }

  async size(path: string, signal: AbortSignal): Promise<number | undefined> {
    const client = await this.#connect(signal);
    const answer = await client.request(packetTypes.stat, [text(path)]);
    if (answer.type === packetTypes.attributes) {
      return new FieldReader(answer.body).attributes().sizeBytes;
    }
    const failure = await failureOf(client, answer, path);
    if (failure.kind === "missing") return undefined;
    throw failure;
  }

  async read(path: string, signal: AbortSignal, range?: ByteRange): Promise<Uint8Array> {
    const client = await this.#connect(signal);
    // Both in one round trip.
    const looked = client.request(packetTypes.stat, [text(path)]);
    const fields = [text(path), number32(flags.read), attributes()];
    const opened = open(client, path, [packetTypes.open, fields]);
    const [look, handle] = await Promise.all([looked, opened]);
    try {
      if (look.type !== packetTypes.attributes) throw await failureOf(client, look, path);
      const { sizeBytes } = new FieldReader(look.body).attributes();
      const offset = Math.min(range?.offset ?? 0, sizeBytes);
      const length = Math.min(range?.length ?? sizeBytes, sizeBytes - offset);
      const bytes = new Uint8Array(length);
      const filled = await readPieces(client, { path, handle, offset, bytes, signal });
      return bytes.subarray(0, filled);
    } finally {
      release(client, handle);
    }
  }

  async write(path: string, parts: readonly Uint8Array[], signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    const fields = [text(path), number32(flags.writeNew), attributes(modeOfFile)];
    const handle = await open(client, path, [packetTypes.open, fields]);
    try {
      await writePieces(client, { path, handle, parts, signal });
      if (client.has(extensions.sync)) {
        const sync = [text(extensions.sync), handle];
        await prove(client, await client.request(packetTypes.extended, sync), path);
      }
    } catch (error) {
      release(client, handle);
      throw error;
    }
    await prove(client, await client.request(packetTypes.close, [handle]), path);
  }

  async rename(from: string, to: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    if (client.has(extensions.rename)) {
      const fields = [text(extensions.rename), text(from), text(to)];
      await prove(client, await client.request(packetTypes.extended, fields), to);
      return;
    }
    // Of version 3, which does not replace: then somebody else was faster with the same content.
    const answer = await client.request(packetTypes.rename, [text(from), text(to)]);
    const refusal = await refusalOf(client, answer, to);
    if (refusal === undefined) return;
    if ((await this.size(to, signal)) === undefined) throw refusal;
    await this.unlink(from, signal);
  }

  async claim(from: string, to: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    const answer = client.has(extensions.link)
      ? await client.request(packetTypes.extended, [text(extensions.link), text(from), text(to)])
      : await client.request(packetTypes.rename, [text(from), text(to)]);
    const refusal = await refusalOf(client, answer, to);
    if (refusal !== undefined) {
      const isTaken = (await this.size(to, signal)) !== undefined;
      throw isTaken ? new DiskError("exists", "there is one already", refusal) : refusal;
    }
    if (client.has(extensions.link)) await this.unlink(from, signal);
  }

  async unlink(path: string, signal: AbortSignal): Promise<void> {
    const client = await this.#connect(signal);
    await prove(client, await client.request(packetTypes.remove, [text(path)]), path);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    const client = await this.#client?.catch(() => undefined);
    client?.end(new DiskError("away", "the location is closed"));
  }

  /** S1. */
  async #connect(signal: AbortSignal): Promise<SftpClient> {
    signal.throwIfAborted();
    if (this.#isClosed) throw new DiskError("away", "the location is closed");
    const held = this.#client;
    const client = await held?.catch(() => undefined);
    if (client?.hasEnded === false) return client;
    // Of all that have waited, the first one connects.
    if (this.#client === held) this.#client = this.#begin();
    return await (this.#client as Promise<SftpClient>);
  }

  async #begin(): Promise<SftpClient> {
    const client = new SftpClient(openSshChannel(this.#options.command), this.#options);
    await client.greet();
    this.#isSynced = client.has(extensions.sync);
    return client;
  }
}

/** The pieces of a transfer: each begins when it is its turn, and none after a failure. */
class Pieces {
  readonly #client: SftpClient;
  readonly #signal: AbortSignal;
  readonly #begun: Promise<void>[] = [];
  #failure: { readonly reason: unknown } | undefined;

  constructor(client: SftpClient, signal: AbortSignal) {
    this.#client = client;
    this.#signal = signal;
  }

  async begin(piece: () => Promise<void>): Promise<void> {
    await this.#client.turn();
    this.#signal.throwIfAborted();
    this.#refuseFailed();
    const noted = piece().catch((reason: unknown) => {
      this.#failure ??= { reason };
    });
    this.#begun.push(noted);
  }

  async end(): Promise<void> {
    await Promise.all(this.#begun);
    this.#refuseFailed();
  }

  #refuseFailed(): void {
    if (this.#failure !== undefined) throw this.#failure.reason;
  }
}

interface Reading {
  readonly path: string;
  readonly handle: Buffer;
  readonly offset: number;
  readonly bytes: Uint8Array;
  readonly signal: AbortSignal;
}

/** How many bytes there were: fewer when the file has become shorter. */
async function readPieces(client: SftpClient, reading: Reading): Promise<number> {
  const { path, handle, offset, bytes, signal } = reading;
  let end = bytes.length;
  const readPiece = async (from: number, to: number): Promise<void> => {
    for (let at = from; at < to; ) {
      const fields = [handle, number64(offset + at), number32(to - at)];
      const answer = await client.request(packetTypes.read, fields);
      if (isEnd(answer)) {
        end = Math.min(end, at);
        return;
      }
      if (answer.type !== packetTypes.data) {
        const failure = await failureOf(client, answer, path);
        // Of a file that is open, this is all that version 3 can say of a bad sector.
        if (!hasFailed(answer)) throw failure;
        throw new DiskError("unreadable", failure.message, failure);
      }
      const data = new FieldReader(answer.body).bytes();
      if (data.length === 0 || data.length > to - at) throw noSftp();
      bytes.set(data, at);
      at += data.length;
    }
  };
  const pieces = new Pieces(client, signal);
  for (let from = 0; from < bytes.length; from += pieceBytes) {
    await pieces.begin(() => readPiece(from, Math.min(bytes.length, from + pieceBytes)));
  }
  await pieces.end();
  return end;
}

interface Writing {
  readonly path: string;
  readonly handle: Buffer;
  readonly parts: readonly Uint8Array[];
  readonly signal: AbortSignal;
}

async function writePieces(client: SftpClient, writing: Writing): Promise<void> {
  const { path, handle, parts, signal } = writing;
  const writePiece = async (piece: Uint8Array, offset: number): Promise<void> => {
    const fields = [handle, number64(offset), number32(piece.length), piece];
    await prove(client, await client.request(packetTypes.write, fields), path);
  };
  const pieces = new Pieces(client, signal);
  let at = 0;
  for (const part of parts) {
    for (let from = 0; from < part.length; from += pieceBytes) {
      const piece = part.subarray(from, from + pieceBytes);
      const offset = at;
      await pieces.begin(() => writePiece(piece, offset));
      at += piece.length;
    }
  }
  await pieces.end();
}

async function open(
  client: SftpClient,
  path: string,
  [type, fields]: readonly [number, readonly Uint8Array[]],
): Promise<Buffer> {
  const answer = await client.request(type, fields);
  if (answer.type !== packetTypes.handle) throw await failureOf(client, answer, path);
  return handleIn(answer);
}

/** As the field that other requests take. */
function handleIn({ body }: Packet): Buffer {
  return text(new FieldReader(body).bytes());
}

/** Nobody waits: with the connection its handles are gone as well. */
function release(client: SftpClient, handle: Buffer): void {
  client.request(packetTypes.close, [handle]).catch(() => undefined);
}

async function prove(client: SftpClient, answer: Packet, path: string): Promise<void> {
  const refusal = await refusalOf(client, answer, path);
  if (refusal !== undefined) throw refusal;
}

/** Of an answer that is not the one that was asked for. */
async function failureOf(client: SftpClient, answer: Packet, path: string): Promise<DiskError> {
  return (await refusalOf(client, answer, path)) ?? noSftp();
}

function isEnd({ type, body }: Packet): boolean {
  return type === packetTypes.status && new FieldReader(body).number32() === 1;
}

function isFolder({ body }: Packet): boolean {
  return (new FieldReader(body).attributes().mode & 0o170000) === 0o040000;
}

function entriesIn({ body }: Packet): readonly DiskEntry[] {
  const fields = new FieldReader(body);
  const count = fields.number32();
  const entries: DiskEntry[] = [];
  for (let at = 0; at < count; at += 1) {
    const name = fields.text();
    fields.bytes();
    const { mode, sizeBytes, changedS } = fields.attributes();
    const isFile = (mode & 0o170000) === 0o100000;
    entries.push({ name, isFile, sizeBytes, changedAt: changedS * 1000 });
  }
  return entries;
}
