/**
 * Asks over one connection: many requests under way, each answered under its number.
 *
 * C1. Never more than `requestsAtOnce` are under way; who wants more waits for its turn.
 * C2. When the connection ends, or nothing arrives for `stallMs` while an answer is due, each
 *     request rejects, and each later one: a client that has ended stays so.
 */
import type { Buffer } from "node:buffer";
import { DiskError } from "../disk.ts";
import {
  FieldReader,
  noSftp,
  number32,
  type Packet,
  PacketReader,
  packet,
  packetTypes,
} from "./packets.ts";
import type { SshChannel } from "./ssh-channel.ts";

export interface SftpClientOptions {
  readonly stallMs: number;
  /** Of 32 KiB each, as many as the channel of OpenSSH lets through: 2 MiB. */
  readonly requestsAtOnce: number;
}

interface Waiting {
  readonly resolve: (packet: Packet) => void;
  readonly reject: (error: unknown) => void;
}

export class SftpClient {
  readonly #channel: SshChannel;
  readonly #options: SftpClientOptions;
  readonly #reader = new PacketReader();
  readonly #waiting = new Map<number, Waiting>();
  readonly #turns: (() => void)[] = [];
  /** Names of extensions that the server has. */
  readonly #extensions = new Set<string>();
  readonly #greeting = Promise.withResolvers<void>();
  #isGreeted = false;
  #lastNumber = 0;
  #end: unknown;
  #stall: NodeJS.Timeout | undefined;

  constructor(channel: SshChannel, options: SftpClientOptions) {
    this.#channel = channel;
    this.#options = options;
    this.#greeting.promise.catch(() => undefined);
    channel.input.on("data", (chunk: Buffer) => this.#arrived(chunk));
    void channel.ended.then((error) => this.end(error));
  }

  get hasEnded(): boolean {
    return this.#end !== undefined;
  }

  has(extension: string): boolean {
    return this.#extensions.has(extension);
  }

  /** To be awaited before the first request. */
  greet(): Promise<void> {
    this.#watch();
    this.#send(packet(packetTypes.init, [number32(3)]));
    return this.#greeting.promise;
  }

  /** Resolves when a request would be sent at once, or refused at once. */
  async turn(): Promise<void> {
    while (this.#waiting.size >= this.#options.requestsAtOnce && !this.hasEnded) {
      const { promise, resolve } = Promise.withResolvers<void>();
      this.#turns.push(resolve);
      await promise;
    }
  }

  /** The answer, whatever it says. */
  async request(type: number, fields: readonly Uint8Array[]): Promise<Packet> {
    await this.turn();
    if (this.hasEnded) throw this.#end;
    const { promise, resolve, reject } = Promise.withResolvers<Packet>();
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    this.#waiting.set(this.#lastNumber, { resolve, reject });
    if (this.#stall === undefined) this.#watch();
    this.#send(packet(type, [number32(this.#lastNumber), ...fields]));
    return promise;
  }

  end(error: unknown): void {
    this.#end ??= error;
    clearTimeout(this.#stall);
    this.#greeting.reject(this.#end);
    for (const { reject } of this.#waiting.values()) reject(this.#end);
    this.#waiting.clear();
    this.#wake();
    this.#channel.close();
  }

  #send(pieces: readonly Uint8Array[]): void {
    const { output } = this.#channel;
    output.cork();
    for (const piece of pieces) output.write(piece);
    output.uncork();
  }

  #arrived(chunk: Buffer): void {
    try {
      for (const each of this.#reader.take(chunk)) this.#answer(each);
    } catch (error) {
      this.end(error);
      return;
    }
    this.#watch();
  }

  #answer({ type, body }: Packet): void {
    const fields = new FieldReader(body);
    if (!this.#isGreeted) {
      if (type !== packetTypes.version || fields.number32() < 3) throw noSftp();
      this.#isGreeted = true;
      while (!fields.isAtEnd) {
        this.#extensions.add(fields.text());
        fields.bytes();
      }
      this.#greeting.resolve();
      return;
    }
    const number = fields.number32();
    const waiting = this.#waiting.get(number);
    if (waiting === undefined) throw noSftp();
    this.#waiting.delete(number);
    waiting.resolve({ type, body: body.subarray(4) });
    this.#wake();
  }

  /** Everybody: who has given up meanwhile takes no turn. */
  #wake(): void {
    for (const go of this.#turns.splice(0)) go();
  }

  /** C2. Anew with everything that arrives. */
  #watch(): void {
    clearTimeout(this.#stall);
    this.#stall = undefined;
    if (this.hasEnded || (this.#isGreeted && this.#waiting.size === 0)) return;
    const { stallMs } = this.#options;
    this.#stall = setTimeout(() => {
      this.end(new DiskError("away", `nothing was heard for ${stallMs} ms`));
    }, stallMs);
  }
}
