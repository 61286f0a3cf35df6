/**
 * One try of one request at one upstream.
 *
 * 1. It settles exactly once, and unless it settles as "answered" nothing of it stays connected.
 * 2. It is "unsent" only if the connection never came up: a byte on a live connection may have
 *    been acted upon, even if the connection is cut at once.
 * 3. The client sees either nothing of an answer, or one answer from one upstream. An answer that
 *    breaks off breaks the client's connection too; it never looks complete.
 * 4. The answer to a repeatable request is kept back while it is small, so that an upstream that
 *    dies in the middle of it can still be replaced.
 */
import {
  Agent,
  type ClientRequest,
  type IncomingMessage,
  request,
  type ServerResponse,
} from "node:http";
import type { Socket } from "node:net";
import { type Body, wholeLimitBytes } from "./body.ts";
import { type Framing, requestHeaders, responseHeaders } from "./headers.ts";
import type { Link } from "./service.ts";
import type { Outcome } from "./visit.ts";

/** Never reuses a connection: a reset on a used one could not be told from a request that ran. */
export const oneShot: Agent = new Agent({ keepAlive: false });
const slowClientLimitMs = 60_000;
/** On one machine a connection comes up at once, or the upstream has stopped accepting. */
const connectLimitMs = 1000;

/** How long to wait for a connection, and what it means when it has not come up by then. */
export interface ConnectLimit {
  readonly limitMs: number;
  readonly outcome: Outcome;
}

/** At most half of a request's time, so that another may be asked; its own end blames nobody. */
export function connectLimit(timeoutMs: number, leftMs: number): ConnectLimit {
  const limitMs = Math.min(connectLimitMs, timeoutMs / 2);
  if (leftMs < limitMs) return { limitMs: leftMs, outcome: { kind: "expired" } };
  return { limitMs, outcome: { kind: "unsent", reason: "ETIMEDOUT" } };
}

export interface Exchange {
  readonly incoming: IncomingMessage;
  readonly outgoing: ServerResponse;
  readonly path: string;
  readonly body: Body;
  readonly replayable: boolean;
}

export interface Target {
  readonly link: Link;
  readonly port: number;
  readonly fresh: boolean;
  /** Of the whole request; a body that is passed on has it anew with each piece. */
  readonly timeoutMs: number;
  readonly leftMs: () => number;
}

export function attempt(exchange: Exchange, target: Target): Promise<Outcome> {
  return new Promise((resolve) => {
    try {
      new Attempt(exchange, target, resolve).start();
    } catch (error) {
      // Node would not write this head: nobody was asked, and asking another changes nothing.
      resolve({ kind: "unsendable", reason: error instanceof Error ? error.message : "" });
    }
  });
}

class Attempt {
  private readonly exchange: Exchange;
  private readonly target: Target;
  private readonly resolve: (outcome: Outcome) => void;
  private readonly upstream: ClientRequest;
  private readonly connectLimit: ConnectLimit;
  private timer: NodeJS.Timeout | undefined;
  private sent = false;
  private begun = false;
  private settled = false;
  private slowClientMs = 0;
  private kept: { response: IncomingMessage; chunks: Buffer[] } | undefined;

  constructor(exchange: Exchange, target: Target, resolve: (outcome: Outcome) => void) {
    this.exchange = exchange;
    this.target = target;
    this.resolve = resolve;
    this.connectLimit = connectLimit(target.timeoutMs, target.leftMs());
    const { incoming, body } = exchange;
    this.upstream = request({
      host: target.link.address,
      port: target.port,
      method: incoming.method ?? "GET",
      path: exchange.path,
      headers: requestHeaders(incoming, framingOf(incoming, body)),
      agent: target.fresh ? oneShot : target.link.keepAlive,
      setHost: false,
    });
  }

  start(): void {
    const { upstream, exchange, target } = this;
    target.link.moves.add(this.move);
    exchange.outgoing.on("close", this.onClientGone);
    upstream.on("error", (error: NodeJS.ErrnoException) => this.onError(error));
    upstream.on("information", (info) => this.onInformation(info.statusCode, info.headers));
    upstream.on("response", (response) => this.onResponse(response));
    upstream.on("socket", (socket: Socket) => {
      if (!socket.connecting) return this.onLive();
      this.limit(this.connectLimit.limitMs);
      socket.once("connect", () => this.onLive());
    });
    if (exchange.body.kind === "none") upstream.end();
    if (exchange.body.kind === "whole") upstream.end(exchange.body.bytes);
  }

  /** The upstream was ejected: leave it if the request can be answered elsewhere. */
  private readonly move = (): void => {
    if (this.exchange.replayable && !this.begun) this.settle({ kind: "moved" });
  };

  private readonly onClientGone = (): void => this.settle({ kind: "gone" });

  /** From here on the upstream may act. A streamed body is touched no earlier (invariant 2). */
  private onLive(): void {
    if (this.settled) return;
    this.sent = true;
    const { incoming, body } = this.exchange;
    if (body.kind !== "stream") return this.limit(this.target.leftMs());
    this.limit(this.target.timeoutMs);
    for (const chunk of body.first) this.upstream.write(chunk);
    incoming.on("data", () => {
      this.slowClientMs = 0;
      if (!this.kept && !this.begun) this.timer?.refresh();
    });
    incoming.on("end", () => this.upstream.addTrailers(pairs(incoming.rawTrailers)));
    incoming.pipe(this.upstream);
  }

  private limit(limitMs: number): void {
    clearTimeout(this.timer);
    if (!this.settled) this.timer = setTimeout(() => this.onTimeout(), limitMs);
  }

  private onInformation(status: number, headers: IncomingMessage["headers"]): void {
    const { outgoing } = this.exchange;
    if (this.settled || outgoing.headersSent) return;
    if (status === 102) outgoing.writeProcessing();
    const { link } = headers;
    if (status !== 103 || link === undefined) return;
    try {
      outgoing.writeEarlyHints({ link });
    } catch {
      // An early hint that Node will not write is only a hint that does not come.
    }
  }

  private onResponse(response: IncomingMessage): void {
    if (this.settled) return;
    response.on("close", () => {
      if (!response.complete) this.onCut();
    });
    if (this.exchange.replayable && isSmall(this.exchange.incoming, response)) this.keep(response);
    else this.stream(response, []);
  }

  private keep(response: IncomingMessage): void {
    const chunks: Buffer[] = [];
    this.kept = { response, chunks };
    response.on("data", (chunk: Buffer) => chunks.push(chunk));
    response.on("end", () => {
      if (this.settled || this.begun) return;
      if (!this.writeHead(response)) return;
      const { outgoing } = this.exchange;
      outgoing.end(chunks.length === 1 ? chunks[0] : Buffer.concat(chunks));
      this.settle({ kind: "answered" });
    });
  }

  private stream(response: IncomingMessage, before: readonly Buffer[]): void {
    const { outgoing } = this.exchange;
    clearTimeout(this.timer);
    if (!this.writeHead(response)) return;
    this.begun = true;
    outgoing.flushHeaders();
    response.removeAllListeners("data");
    for (const chunk of before) outgoing.write(chunk);
    response.on("end", () => {
      if (response.rawTrailers.length > 0) outgoing.addTrailers(pairs(response.rawTrailers));
      this.settle({ kind: "answered" });
    });
    response.pipe(outgoing);
  }

  private writeHead(response: IncomingMessage): boolean {
    const { incoming, outgoing, body } = this.exchange;
    // What is left of a body that nobody wants would be taken for the next request.
    if (body.kind === "stream" && !incoming.complete) outgoing.shouldKeepAlive = false;
    const { statusCode = 502, statusMessage = "" } = response;
    try {
      outgoing.writeHead(statusCode, statusMessage, responseHeaders(response));
      return true;
    } catch (error) {
      // A status or a field that Node reads but will not write.
      this.settle({ kind: "garbled", reason: error instanceof Error ? error.message : "" });
      return false;
    }
  }

  private onTimeout(): void {
    if (!this.sent) return this.settle(this.connectLimit.outcome);
    // It has begun in time: from here on the client sees what comes.
    if (this.kept !== undefined) return this.stream(this.kept.response, this.kept.chunks);
    const { incoming, body } = this.exchange;
    this.slowClientMs += this.target.timeoutMs;
    const clientIsSlow =
      body.kind === "stream" && this.sent && !incoming.complete && !this.upstream.writableNeedDrain;
    if (clientIsSlow && this.slowClientMs < slowClientLimitMs) this.timer?.refresh();
    else this.settle({ kind: "late" });
  }

  private onError(error: NodeJS.ErrnoException): void {
    // Once an answer has begun, its own end or cut decides.
    if (this.begun || this.kept !== undefined) return;
    const reason = error.code ?? error.message;
    if (!this.sent) this.settle({ kind: "unsent", reason });
    else if (reason.startsWith("HPE_")) this.settle({ kind: "garbled", reason });
    else this.settle({ kind: "lost", reason, reused: this.upstream.reusedSocket });
  }

  private onCut(): void {
    if (this.settled) return;
    const reason = "the answer broke off";
    if (this.begun) this.settle({ kind: "broken", reason });
    else this.settle({ kind: "lost", reason, reused: false });
  }

  private settle(outcome: Outcome): void {
    if (this.settled) return;
    this.settled = true;
    const { exchange, target, upstream } = this;
    clearTimeout(this.timer);
    target.link.moves.delete(this.move);
    exchange.outgoing.off("close", this.onClientGone);
    if (exchange.body.kind === "stream") {
      exchange.incoming.unpipe(upstream);
      if (outcome.kind !== "unsent") exchange.incoming.resume();
    }
    // A reset, because a plain end would look like the end of an answer without a length.
    if (outcome.kind === "broken") exchange.incoming.socket.resetAndDestroy();
    if (outcome.kind !== "answered" || !upstream.writableFinished) upstream.destroy();
    this.resolve(outcome);
  }
}

function framingOf(incoming: IncomingMessage, body: Body): Framing {
  if (body.kind === "whole") return { kind: "length", sizeBytes: body.bytes.length };
  const length = incoming.headers["content-length"];
  if (body.kind === "none") return length === undefined ? body : { kind: "length", sizeBytes: 0 };
  return length === undefined ? { kind: "chunked" } : { kind: "length", sizeBytes: length };
}

function isSmall(incoming: IncomingMessage, response: IncomingMessage): boolean {
  const { statusCode } = response;
  if (incoming.method === "HEAD" || statusCode === 204 || statusCode === 304) return true;
  const length = response.headers["content-length"];
  return length !== undefined && Number(length) <= wholeLimitBytes;
}

function pairs(flat: readonly string[]): [string, string][] {
  const out: [string, string][] = [];
  for (let index = 0; index + 1 < flat.length; index += 2) {
    out.push([flat[index] as string, flat[index + 1] as string]);
  }
  return out;
}
