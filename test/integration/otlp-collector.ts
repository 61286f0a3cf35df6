/**
 * A collector for tests: takes OTLP/HTTP, keeps the messages, and answers as it is told to. It
 * checks what the specification demands of a request; a wrong one is answered with 400 and its
 * complaint kept.
 */
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import type { KeyValue, LogRecord, OtlpMetric } from "../../src/engine/telemetry/otlp-format.ts";

export interface TakenRequest {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  readonly message: Message;
}

/** As our own engine writes it: one resource with one scope. */
interface Message {
  readonly resourceMetrics?: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeMetrics: readonly { readonly metrics: readonly OtlpMetric[] }[];
  }[];
  readonly resourceLogs?: readonly {
    readonly resource: { readonly attributes: readonly KeyValue[] };
    readonly scopeLogs: readonly { readonly logRecords: readonly LogRecord[] }[];
  }[];
}

export interface Mood {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** Never answers. */
  readonly isSilent?: boolean;
}

export class Collector implements AsyncDisposable {
  readonly requests: TakenRequest[] = [];
  readonly complaints: string[] = [];
  /** Requests that were never answered. */
  silenced = 0;
  mood: Mood = { status: 200, body: "{}" };
  #server: Server | undefined;
  #port = 0;

  static async start(): Promise<Collector> {
    const collector = new Collector();
    await collector.listen();
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get metrics(): readonly OtlpMetric[] {
    const resources = this.requests.flatMap(({ message }) => message.resourceMetrics ?? []);
    return resources.flatMap(({ scopeMetrics }) => scopeMetrics.flatMap(({ metrics }) => metrics));
  }

  get logs(): readonly LogRecord[] {
    const resources = this.requests.flatMap(({ message }) => message.resourceLogs ?? []);
    return resources.flatMap(({ scopeLogs }) => scopeLogs.flatMap(({ logRecords }) => logRecords));
  }

  /** Again on the same port. */
  async listen(): Promise<void> {
    const server = createServer((incoming, outgoing) => void this.#take(incoming, outgoing));
    server.listen(this.#port, "127.0.0.1");
    await once(server, "listening");
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.closeAllConnections();
    server.close();
    await once(server, "close");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #take(incoming: IncomingMessage, outgoing: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const { mood } = this;
    if (mood.isSilent === true) {
      this.silenced += 1;
      return;
    }
    if (mood.status !== 200) {
      outgoing.writeHead(mood.status, mood.headers).end(mood.body ?? "");
      return;
    }
    const { url: path = "", headers } = incoming;
    try {
      const bytes = Buffer.concat(chunks);
      const plain = headers["content-encoding"] === "gzip" ? gunzipSync(bytes) : bytes;
      const isRight = incoming.method === "POST" && headers["content-type"] === "application/json";
      if (!isRight) throw new Error(`${incoming.method} of ${headers["content-type"]}`);
      this.requests.push({ path, headers, message: JSON.parse(plain.toString()) as Message });
    } catch (error) {
      this.complaints.push(String(error));
      outgoing.writeHead(400).end();
      return;
    }
    outgoing.writeHead(200, { "content-type": "application/json" }).end(mood.body);
  }
}
