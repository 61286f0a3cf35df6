/**
 * `soulmirror vault serve`: a folder of repositories for whoever speaks restic's REST protocol.
 *
 * V1. Who is not let in gets a refusal and nothing else; without users it listens to this machine
 *     alone, unless it is told to be open.
 * V2. Every connection ends: headers must be there after `headersMs`, something must be heard every
 *     `idleMs`, and a request is over after `requestMs`. Their number, the size of headers and the
 *     size of a body are limited.
 * V3. A refusal reaches the client although it is still sending: up to 4 MiB more are read and
 *     thrown away before the connection is cut.
 * V4. What a refusal says names no path of this machine; the whole reason goes to `onNotice`.
 */
import { once } from "node:events";
import { realpath } from "node:fs/promises";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, isIP } from "node:net";
import { type Clock, messageOf, SoulMirrorError } from "../../kernel/index.ts";
import { type AnswerOptions, answer, type Exchange } from "./answer.ts";
import { Doorkeeper } from "./doorkeeper.ts";
import type { PasswordRecord } from "./password-line.ts";
import { Quota } from "./quota.ts";
import { type Refusal, refusalOf } from "./refusal.ts";
import { tidyRoot } from "./tidy-root.ts";

export interface VaultServerOptions {
  /** What is served; it must be there. */
  readonly folder: string;
  readonly clock: Clock;
  /** Default 127.0.0.1. */
  readonly host?: string;
  /** Default: one that is free. */
  readonly port?: number;
  /** Missing: everybody is let in. */
  readonly users?: readonly PasswordRecord[];
  /** Without users to others than this machine. Default false. */
  readonly isOpen?: boolean;
  readonly isAppendOnly?: boolean;
  /** Each user has the repositories below his name, and no others. */
  readonly arePrivate?: boolean;
  /** Of all files together. Default: no limit but the disk's. */
  readonly maxBytes?: number;
  /** Default 512 MiB: packs have 128 at most. */
  readonly maxFileBytes?: number;
  readonly tls?: { readonly key: string; readonly certificate: string };
  readonly limits?: Partial<VaultServerLimits>;
  readonly onNotice?: (notice: VaultServerNotice) => void;
}

export interface VaultServerLimits {
  readonly headersMs: number;
  readonly idleMs: number;
  readonly requestMs: number;
  readonly maxConnections: number;
  readonly maxHeaderBytes: number;
}

/** Something was refused; `status` 401 and a removal (403, DELETE) are worth a look. */
export interface VaultServerNotice {
  readonly status: number;
  readonly method: string;
  readonly path: string;
  readonly from: string;
  readonly reason: string;
}

export interface VaultServer extends AsyncDisposable {
  /** With a slash at its end. */
  readonly url: string;
  readonly usedBytes: () => number;
}

const usualLimits: VaultServerLimits = {
  headersMs: 10_000,
  idleMs: 60_000,
  requestMs: 3_600_000,
  maxConnections: 256,
  maxHeaderBytes: 8 * 1024,
};
const lingerBytes = 4 * 1024 * 1024;

/**
 * @throws SoulMirrorError OPTIONS_INVALID for what would be open by mistake, or cannot be served
 */
export async function openVaultServer(options: VaultServerOptions): Promise<VaultServer> {
  const { host = "127.0.0.1", port = 0, users = [], tls } = options;
  checkOptions(options, host);
  const root = await realRoot(options.folder);
  const used = await tidyRoot(root, options.clock.now().wallMs);
  const quota = new Quota(options.maxBytes ?? Number.MAX_SAFE_INTEGER, used);
  const answering: AnswerOptions = {
    root,
    quota,
    maxFileBytes: options.maxFileBytes ?? 512 * 1024 * 1024,
    isAppendOnly: options.isAppendOnly ?? false,
    arePrivate: options.arePrivate ?? false,
    doorkeeper: users.length === 0 ? undefined : new Doorkeeper(users),
  };
  const server = createListener(options);
  const serve = (exchange: Exchange): void => void respond(exchange, answering, options);
  server.on("request", (request: IncomingMessage, response: ServerResponse) => {
    serve({ request, response, isExpecting: false });
  });
  server.on("checkContinue", (request: IncomingMessage, response: ServerResponse) => {
    serve({ request, response, isExpecting: true });
  });
  server.listen({ host, port });
  await once(server, "listening");
  const { port: taken } = server.address() as AddressInfo;
  const shown = isIP(host) === 6 ? `[${host}]` : host;
  return {
    url: `${tls === undefined ? "http" : "https"}://${shown}:${taken}/`,
    usedBytes: () => quota.usedBytes,
    [Symbol.asyncDispose]: () => closed(server),
  };
}

function checkOptions({ users = [], isOpen, arePrivate }: VaultServerOptions, host: string): void {
  const isLocal = host === "localhost" || host === "::1" || host.startsWith("127.");
  if (users.length === 0 && !isLocal && isOpen !== true) {
    throw new SoulMirrorError("OPTIONS_INVALID", `${host} would be open to everybody`, {
      fix: "name users, or say that it is meant to be open",
    });
  }
  if (users.length === 0 && arePrivate === true) {
    throw new SoulMirrorError("OPTIONS_INVALID", "private repositories need users", {
      fix: "name users",
    });
  }
}

async function realRoot(folder: string): Promise<string> {
  try {
    return await realpath(folder);
  } catch (cause) {
    throw new SoulMirrorError(
      "OPTIONS_INVALID",
      `${folder} cannot be served: ${messageOf(cause)}`,
      {
        cause,
        fix: "make the folder first",
      },
    );
  }
}

function createListener({ limits, tls }: VaultServerOptions): Server {
  const { headersMs, idleMs, requestMs, maxConnections, maxHeaderBytes } = {
    ...usualLimits,
    ...limits,
  };
  const common = {
    connectionsCheckingInterval: Math.min(1000, headersMs),
    headersTimeout: headersMs,
    keepAliveTimeout: Math.min(idleMs, 15_000),
    maxHeaderSize: maxHeaderBytes,
    requestTimeout: requestMs,
  };
  const server =
    tls === undefined
      ? createServer(common)
      : createSecureServer({ ...common, key: tls.key, cert: tls.certificate });
  server.timeout = idleMs;
  server.maxConnections = maxConnections;
  server.maxRequestsPerSocket = 0;
  return server;
}

async function respond(
  exchange: Exchange,
  answering: AnswerOptions,
  { onNotice }: VaultServerOptions,
): Promise<void> {
  const { request } = exchange;
  try {
    await answer(exchange, answering);
  } catch (error) {
    const refusal = refusalOf(error);
    refuse(exchange, refusal);
    onNotice?.({
      status: refusal.status,
      method: request.method ?? "",
      path: (request.url ?? "").slice(0, 1024),
      from: request.socket.remoteAddress ?? "",
      reason: refusal.cause === undefined ? refusal.message : messageOf(refusal.cause),
    });
  }
}

function refuse({ request, response, isExpecting }: Exchange, refusal: Refusal): void {
  if (response.headersSent || request.socket.destroyed) {
    // Half an answer must not pass for all of it.
    request.socket.destroy();
    return;
  }
  if (refusal.status === 401) response.setHeader("www-authenticate", 'Basic realm="vault"');
  if (refusal.status === 429 || refusal.status === 503) response.setHeader("retry-after", "1");
  // Whether a client that waits will send its body now, nobody knows.
  if (isExpecting) response.setHeader("connection", "close");
  response.writeHead(refusal.status, { "content-type": "text/plain; charset=utf-8" });
  response.end(`${refusal.message}\n`);
  // V3
  let leftBytes = lingerBytes;
  request.on("data", (piece: Buffer) => {
    leftBytes -= piece.length;
    if (leftBytes < 0) request.socket.destroy();
  });
}

async function closed(server: Server): Promise<void> {
  const gone = once(server, "close");
  server.close();
  server.closeAllConnections();
  await gone;
}
