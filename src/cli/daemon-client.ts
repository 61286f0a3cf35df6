/**
 * The daemon over HTTP on loopback, with the token of the data directory.
 *
 * On node:http and not on `fetch`, which takes longer to load than everything else that `status`
 * needs. For the same reason the module is not imported: an import looks at all exports, one of
 * which loads what `fetch` is made of.
 * D1. Every request has a deadline, except a stream that was opened to be followed.
 * D2. The port of a daemon that is gone may be anybody's by now: it is not asked, for who listens
 *     there would be handed the token.
 */
import { readFileSync } from "node:fs";
import type { Agent, IncomingMessage, RequestOptions } from "node:http";
import { join } from "node:path";
import { type ErrorCode, errorTable, messageOf, SoulMirrorError } from "../kernel/index.ts";
import { isAlive } from "../system/index.ts";
import { type DaemonNote, readDaemonNote } from "./daemon-note.ts";
import type { Place } from "./place.ts";

const http = process.getBuiltinModule("node:http");

const timeoutMs = 10_000;
const answerBytesMax = 64 * 1024 * 1024;

export class DaemonClient {
  readonly origin: string;
  readonly #dataPath: string;
  readonly #note: DaemonNote | undefined;
  readonly #options: RequestOptions & { readonly agent: Agent };
  readonly #headers: Readonly<Record<string, string>>;

  /** Throws DAEMON_AWAY when nothing says where a daemon listens. */
  static at(place: Place): DaemonClient {
    const { dataPath } = place;
    const note = readDaemonNote(dataPath);
    const port = place.port ?? note?.port;
    if (port === undefined) throw away(dataPath, "none is noted there");
    const address = { host: hostOf(note), port };
    return new DaemonClient(dataPath, { ...address, ...(place.port === undefined && { note }) });
  }

  constructor(dataPath: string, { host, port, note }: Where) {
    this.#dataPath = dataPath;
    this.#note = note;
    this.origin = `http://${host.includes(":") ? `[${host}]` : host}:${port}`;
    const token = readToken(join(dataPath, "token"));
    this.#options = {
      host,
      port,
      agent: new http.Agent({ keepAlive: true, maxSockets: 8, timeout: timeoutMs }),
    };
    this.#headers = {
      accept: "application/json",
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    };
  }

  async get<T>(path: string): Promise<T> {
    return (await this.#ask({ method: "GET", path })) as T;
  }

  async post<T>(path: string, body: unknown = {}): Promise<T> {
    return (await this.#ask({ method: "POST", path, body: JSON.stringify(body) })) as T;
  }

  /** The lines of an event stream, until it ends or `signal` aborts; rejects if it cannot begin. */
  async *stream(path: string, signal: AbortSignal): AsyncGenerator<string> {
    const answer = await this.#send({ method: "GET", path, signal, accept: "text/event-stream" });
    if (answer.statusCode !== 200) throw refusal(answer, await textOf(answer));
    answer.setEncoding("utf8");
    let rest = "";
    try {
      for await (const chunk of answer as AsyncIterable<string>) {
        const lines = `${rest}${chunk}`.split("\n");
        rest = lines.pop() ?? "";
        for (const line of lines) yield line.replace(/\r$/, "");
      }
    } catch (error) {
      // Aborted by us, or the daemon went away: either way the stream is over.
      if (!signal.aborted) throw away(this.#dataPath, messageOf(error));
    }
  }

  /** Sockets that were kept open would keep this process alive. */
  close(): void {
    this.#options.agent.destroy();
  }

  async #ask(asked: Asked): Promise<unknown> {
    const answer = await this.#send({ ...asked, signal: AbortSignal.timeout(timeoutMs) });
    const text = await textOf(answer);
    const status = answer.statusCode ?? 0;
    if (status < 200 || status > 299) throw refusal(answer, text);
    try {
      return JSON.parse(text) as unknown;
    } catch {
      // Something else listens there: what it says means nothing to us.
      throw away(this.#dataPath, `what listens on ${this.origin} is not soulmirror`);
    }
  }

  #send({ method, path, body, signal, accept }: Asked): Promise<IncomingMessage> {
    const headers = {
      ...this.#headers,
      ...(accept === undefined ? {} : { accept }),
      ...(body === undefined
        ? {}
        : { "content-type": "application/json", "content-length": Buffer.byteLength(body) }),
    };
    return new Promise((resolve, reject) => {
      const note = this.#note;
      if (note && !isAlive(note)) {
        reject(away(this.#dataPath, `its last one, pid ${note.pid}, is gone`));
        return;
      }
      const asking = http.request({
        ...this.#options,
        headers,
        method,
        path,
        ...(signal === undefined ? {} : { signal }),
      });
      asking.once("response", resolve);
      asking.once("error", (error) => reject(away(this.#dataPath, reasonOf(error, this.origin))));
      asking.end(body);
    });
  }
}

interface Where {
  readonly host: string;
  readonly port: number;
  /** What says that it listens there, unless somebody named the port. */
  readonly note?: DaemonNote | undefined;
}

interface Asked {
  readonly method: "GET" | "POST";
  readonly path: string;
  readonly body?: string;
  readonly signal?: AbortSignal;
  readonly accept?: string;
}

/** "All addresses" is where it listens, not where it can be asked. */
function hostOf(note: DaemonNote | undefined): string {
  const host = note?.host ?? "127.0.0.1";
  if (host === "0.0.0.0") return "127.0.0.1";
  return host === "::" ? "::1" : host;
}

function readToken(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8").trim() || undefined;
  } catch {
    // Not ours to read, or not there: reading on loopback works without it.
    return undefined;
  }
}

function reasonOf(error: Error, origin: string): string {
  const { code, name } = error as NodeJS.ErrnoException;
  if (code === "ECONNREFUSED") return `nothing listens on ${origin}`;
  if (name === "TimeoutError" || name === "AbortError") {
    return `${origin} gave no answer within ${timeoutMs / 1000} s`;
  }
  return `${origin}: ${error.message}`;
}

export function away(dataPath: string, why: string): SoulMirrorError {
  return new SoulMirrorError("DAEMON_AWAY", `no daemon answers for ${dataPath}: ${why}`, {
    fix: "start it with `soulmirror up`, or name its data directory with --data DIR",
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of answer as AsyncIterable<Buffer>) {
    size += part.length;
    if (size > answerBytesMax) throw new SoulMirrorError("INTERNAL", "the answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts).toString("utf8");
}

function refusal(answer: IncomingMessage, text: string): SoulMirrorError {
  const told = errorIn(text);
  const code = told?.code ?? "INTERNAL";
  const message = told?.message ?? `the daemon answered ${answer.statusCode}`;
  const fix = told?.fix ?? (code === "NOT_AUTHORIZED" ? tokenFix : undefined);
  return new SoulMirrorError(code, message, fix === undefined ? {} : { fix });
}

const tokenFix = "run it as the user who started the daemon: only that user may read its token";

function errorIn(text: string): { code: ErrorCode; message: string; fix?: string } | undefined {
  try {
    const { error } = JSON.parse(text) as { error?: Record<string, unknown> };
    const code = error?.["code"];
    const message = error?.["message"];
    if (typeof code !== "string" || !(code in errorTable) || typeof message !== "string") {
      return undefined;
    }
    const fix = error?.["fix"];
    return { code: code as ErrorCode, message, ...(typeof fix === "string" ? { fix } : {}) };
  } catch {
    // Not one of our answers: the status must do.
    return undefined;
  }
}
