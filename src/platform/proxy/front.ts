/**
 * The listening side of one service. A port that is taken is asked for again every 100 ms, so that
 * the service is reachable as soon as whoever holds it lets go; it never stops the proxy.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Route, RouteReport } from "../../model/index.ts";
import { forward } from "./forward.ts";
import type { Log } from "./log.ts";
import { Service } from "./service.ts";
import { type Upgrading, upgrade, wantsUpgrade } from "./upgrade.ts";

const listenAgainMs = 100;
const backlog = 4096;
const mostConnections = 10_000;
/** Longer than clients keep idle connections, so that it is they who close: no race, no loss. */
const keepAliveTimeoutMs = 75_000;
const headersTimeoutMs = 30_000;

interface Listener {
  readonly host: string;
  readonly port: number;
  readonly server: Server;
  readonly firstTry: Promise<void>;
  error: string | undefined;
  closing: boolean;
  again: NodeJS.Timeout | undefined;
}

export class Front {
  readonly service: Service;
  private readonly log: Log;
  private listener: Listener;
  /** Clients that were heard and not yet answered: working, waiting, or still sending. */
  private present = 0;

  constructor(route: Route, log: Log) {
    this.log = log;
    this.service = new Service(route, log);
    this.listener = this.listen(route);
  }

  /** Takes over a route; resolves when it listens, or knows why not. */
  async take(route: Route): Promise<RouteReport> {
    this.service.declare(route);
    const before = this.listener;
    if (before.host !== route.host || before.port !== route.port) {
      this.listener = this.listen(route);
      await this.listener.firstTry;
      close(before);
    }
    await this.listener.firstTry;
    return this.report();
  }

  report(): RouteReport {
    const { error, server, host, port } = this.listener;
    const rest = { ...this.service.report(), host, port };
    const listening = server.listening;
    return error === undefined
      ? { ...rest, listening }
      : { ...rest, listening, listenError: error };
  }

  get isBusy(): boolean {
    return this.present > 0;
  }

  /** Accepts nobody any more; what is under way may finish. */
  stopAccepting(): void {
    close(this.listener);
  }

  close(): void {
    close(this.listener);
    this.service.close();
  }

  private listen({ service, host, port }: Route): Listener {
    const server = createServer({
      keepAliveTimeout: keepAliveTimeoutMs,
      headersTimeout: headersTimeoutMs,
      // A long upload is no offence; a silent one ends in body.ts or attempt.ts.
      requestTimeout: 0,
      shouldUpgradeCallback: wantsUpgrade,
    });
    server.maxConnections = mostConnections;
    const { promise: firstTry, resolve } = Promise.withResolvers<void>();
    const fresh = { error: undefined, closing: false, again: undefined };
    const listener: Listener = { host, port, server, firstTry, ...fresh };
    const tryIt = (): void => void server.listen({ host, port, backlog });
    server.on("request", (incoming, outgoing) => this.onRequest(listener, incoming, outgoing));
    server.on("upgrade", (incoming, socket, first) => {
      this.onUpgrade({ incoming, client: socket as Socket, first });
    });
    server.on("listening", () => {
      listener.error = undefined;
      this.log.write("listening", { service, host, port });
      resolve();
    });
    server.on("error", (error: NodeJS.ErrnoException) => {
      const reason = error.code ?? error.message;
      if (listener.error !== reason) this.log.write("listen-error", { service, port, reason });
      listener.error = reason;
      if (!listener.closing) listener.again = setTimeout(tryIt, listenAgainMs);
      resolve();
    });
    tryIt();
    return listener;
  }

  private onRequest(listener: Listener, incoming: IncomingMessage, outgoing: ServerResponse): void {
    if (listener.closing) outgoing.shouldKeepAlive = false;
    this.present += 1;
    outgoing.on("close", () => {
      this.present -= 1;
      // The connection becomes idle only after this event.
      if (listener.closing) setImmediate(() => listener.server.closeIdleConnections());
    });
    forward(this.service, incoming, outgoing).catch((error: unknown) => {
      this.logError(error);
      outgoing.destroy();
    });
  }

  private onUpgrade(upgrading: Upgrading): void {
    this.present += 1;
    const { client } = upgrading;
    client.on("close", () => (this.present -= 1));
    upgrade(this.service, upgrading).catch((error: unknown) => {
      this.logError(error);
      client.destroy();
    });
  }

  private logError(error: unknown): void {
    const reason = error instanceof Error ? (error.stack ?? error.message) : "unknown";
    this.log.write("request-error", { service: this.service.route.service, reason });
  }
}

function close(listener: Listener): void {
  listener.closing = true;
  clearTimeout(listener.again);
  listener.server.close();
  listener.server.closeIdleConnections();
}
