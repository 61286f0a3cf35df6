/** The router as the daemon sees it: every call goes to the proxy process over its socket. */
import { request } from "node:http";
import { SoulMirrorError } from "../../kernel/index.ts";
import type { Route, RouteReport, Router } from "../../model/index.ts";
import { socketPathProblem } from "./socket-path.ts";

const answerLimitMs = 5000;

interface Call {
  readonly method: "GET" | "PUT" | "DELETE" | "POST";
  readonly path: string;
  readonly body?: unknown;
  /** How long the proxy may take on purpose. */
  readonly extraMs?: number;
}

/**
 * Rejects with a SoulMirrorError when no proxy answers or when it refuses. Starting the process is
 * the caller's business (see `proxyArguments`), as is declaring the routes again after a new start.
 */
export class ProxyRouter implements Router {
  private readonly socketPath: string;
  /** The last call for each service that changes something, so that they arrive in order. */
  private readonly tails = new Map<string, Promise<unknown>>();

  constructor(socketPath: string) {
    const problem = socketPathProblem(socketPath);
    if (problem !== undefined) throw new SoulMirrorError("DATA_DIRECTORY_UNUSABLE", problem);
    this.socketPath = socketPath;
  }

  async route(route: Route): Promise<RouteReport> {
    const path = `/routes/${encodeURIComponent(route.service)}`;
    const answer = await this.inOrder(route.service, { method: "PUT", path, body: route });
    return answer as RouteReport;
  }

  async remove(service: string): Promise<void> {
    const path = `/routes/${encodeURIComponent(service)}`;
    await this.inOrder(service, { method: "DELETE", path });
  }

  async drained(service: string, upstreamId: string, deadlineMs: number): Promise<number> {
    const query = new URLSearchParams({ upstream: upstreamId, deadlineMs: String(deadlineMs) });
    const path = `/routes/${encodeURIComponent(service)}/drained?${query.toString()}`;
    await this.tails.get(service)?.catch(() => {});
    const answer = await this.call({ method: "GET", path, extraMs: deadlineMs });
    return (answer as { inFlight: number }).inFlight;
  }

  async reports(): Promise<readonly RouteReport[]> {
    return (await this.call({ method: "GET", path: "/routes" })) as readonly RouteReport[];
  }

  /** Which process answers, or undefined when none does. */
  async pid(): Promise<number | undefined> {
    try {
      return ((await this.call({ method: "GET", path: "/" })) as { pid: number }).pid;
    } catch {
      // No answer is the answer.
      return undefined;
    }
  }

  /** A connection that ends with the proxy; the result gives it up without a word. */
  lifeline(ended: () => void): () => void {
    const { socketPath } = this;
    const line = request({ socketPath, method: "GET", path: "/life", agent: false });
    // However it ends, the close follows.
    line.on("error", () => {});
    line.once("close", ended);
    line.end();
    return () => {
      line.off("close", ended);
      line.destroy();
    };
  }

  /** Asks the proxy to finish what is under way and to exit. */
  async stop(deadlineMs: number): Promise<void> {
    await this.call({ method: "POST", path: `/stop?deadlineMs=${deadlineMs}` });
  }

  private inOrder(service: string, call: Call): Promise<unknown> {
    const before = this.tails.get(service) ?? Promise.resolve();
    const result = before.then(() => this.call(call));
    const tail = result.catch(() => {});
    this.tails.set(service, tail);
    void tail.finally(() => {
      if (this.tails.get(service) === tail) this.tails.delete(service);
    });
    return result;
  }

  private call({ method, path, body, extraMs = 0 }: Call): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const fail = (reason: string, cause?: unknown): void =>
        reject(new SoulMirrorError("INTERNAL", `the proxy: ${reason}`, { cause }));
      const { socketPath } = this;
      const outgoing = request({ socketPath, method, path, agent: false });
      const limit = setTimeout(() => {
        fail(`no answer within ${answerLimitMs + extraMs} ms on ${socketPath}`);
        outgoing.destroy();
      }, answerLimitMs + extraMs);
      outgoing.on("close", () => clearTimeout(limit));
      outgoing.on("error", (error: Error) => fail(error.message, error));
      outgoing.on("response", (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
        incoming.on("error", (error: Error) => fail(error.message, error));
        incoming.on("end", () => {
          const text = Buffer.concat(chunks).toString("utf8");
          const status = incoming.statusCode ?? 0;
          if (status < 200 || status > 299) return fail(`${status} ${text}`);
          try {
            resolve(text === "" ? undefined : JSON.parse(text));
          } catch (error) {
            fail("its answer is no JSON", error);
          }
        });
      });
      outgoing.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
