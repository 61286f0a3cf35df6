/**
 * Asks one HTTP question over a connection of its own: a kept connection may be the very thing
 * that works while nobody else gets in.
 *
 * A1. The promise always resolves, and soon after an abort; the connection is closed by then.
 * A2. Redirects are answers like any other; nothing is followed.
 * A3. Of the body at most `bodyBytesMax` are read; `isCut` says that there was more.
 * A4. Nothing is sent to a server whose certificate is not valid.
 *
 * No agent is used (`createConnection` without `agent`): measured 20 % cheaper than `agent: false`.
 */
import { type ClientRequest, type IncomingHttpHeaders, request } from "node:http";
import { connect, type Socket } from "node:net";
import type { AbortSignalLike } from "../../model/index.ts";
import { codeOf, type Trouble, troubleOf } from "../check-reading.ts";
import { resolveHost } from "../resolve-host.ts";
import { openTls, type ServedCertificate } from "../tls/open-tls.ts";

export interface Question {
  readonly isSecure: boolean;
  readonly host: string;
  readonly port: number;
  /** With its query. */
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
  readonly bodyBytesMax: number;
  readonly authorities?: string | undefined;
}

export interface Answer {
  readonly kind: "answered";
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly isCut: boolean;
  readonly certificate?: ServedCertificate | undefined;
}

export type Outcome =
  | Answer
  | {
      readonly kind: "failed";
      readonly trouble: Trouble;
      readonly certificate?: ServedCertificate | undefined;
    }
  | { readonly kind: "aborted"; readonly progress: string };

export async function ask(question: Question, signal: AbortSignalLike): Promise<Outcome> {
  const { host, port } = question;
  if (signal.aborted) return { kind: "aborted", progress: "it was not asked" };
  if (!question.isSecure) {
    return exchange(question, connect({ host, port, lookup: resolveHost }), signal);
  }
  const opening = await openTls(question, signal);
  if (opening.kind === "failed") return opening;
  if (opening.kind === "aborted")
    return { kind: "aborted", progress: "no TLS connection came about" };
  const { socket, certificate, problem } = opening;
  if (problem === undefined) {
    const outcome = await exchange(question, socket, signal);
    return outcome.kind === "aborted" ? outcome : { ...outcome, certificate };
  }
  socket.destroy();
  const reason = `its certificate is not valid: ${problem}`;
  return { kind: "failed", trouble: { symptom: "certificate", reason }, certificate };
}

function exchange(question: Question, socket: Socket, signal: AbortSignalLike): Promise<Outcome> {
  return new Promise((resolve) => {
    let progress = "no connection came about";
    const settle = (outcome: Outcome): void => {
      signal.removeEventListener("abort", abort);
      socket.destroy();
      resolve(outcome);
    };
    const abort = (): void => settle({ kind: "aborted", progress });
    const fail = (error: unknown): void =>
      settle({ kind: "failed", trouble: broken(error, progress) });
    // Before and after the request has it; an error that nobody hears would end the process.
    socket.on("error", fail);
    if (socket.connecting) {
      socket.once("connect", () => {
        progress = "the connection was accepted, no answer came";
      });
    } else progress = "the connection was accepted, no answer came";
    signal.addEventListener("abort", abort, { once: true });
    const sent = send(question, socket, fail);
    if (sent === undefined) return;
    sent.on("error", fail);
    sent.on("response", (response) => {
      const chunks: Buffer[] = [];
      let bytes = 0;
      const answered = (isCut: boolean): void =>
        settle({
          kind: "answered",
          status: response.statusCode ?? 0,
          headers: response.headers,
          text: Buffer.concat(chunks).toString("utf8", 0, question.bodyBytesMax),
          isCut,
        });
      progress = `status ${response.statusCode} came, the body did not`;
      response.on("data", (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.length;
        progress = `status ${response.statusCode} and ${bytes} bytes came, the end did not`;
        if (bytes > question.bodyBytesMax) answered(true);
      });
      response.on("end", () => answered(false));
      response.on("error", fail);
    });
  });
}

function send(
  question: Question,
  socket: Socket,
  fail: (error: unknown) => void,
): ClientRequest | undefined {
  const { host, port, path, method, headers, body } = question;
  try {
    const sent = request({
      host,
      port,
      path,
      method,
      // The port of a server with TLS is no default for this module: it is said.
      headers:
        question.isSecure && headers["host"] === undefined
          ? { host: port === 443 ? host : `${host}:${port}`, ...headers }
          : headers,
      createConnection: () => socket,
    });
    sent.end(body);
    return sent;
  } catch (error) {
    // A path or header that cannot be sent.
    fail(error);
    return undefined;
  }
}

function broken(error: unknown, progress: string): Trouble {
  const trouble = troubleOf(error);
  if (!["ECONNRESET", "ECONNABORTED", "EPIPE"].includes(codeOf(error))) return trouble;
  return { symptom: "reset", reason: `the connection broke: ${progress}` };
}
