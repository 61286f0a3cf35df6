/**
 * Calls a declared webhook as a remedy: step kind `webhook`.
 *
 * W1. Any 2xx answer is done. A redirect is a failure: where it leads was not declared.
 * W2. The address may be a secret itself, and so may headers and body: what is reported names
 *     method and host only, and their words are masked in what the server answered.
 * W3. The whole call has one deadline, and 64 KiB of the answer are read at most.
 * W4. The undo calls `undoUrl` in the same way. Its record is a mere mark: records are kept.
 */
import {
  type IncomingMessage,
  type RequestOptions,
  request as requestPlain,
  validateHeaderName,
  validateHeaderValue,
} from "node:http";
import { request as requestSecure } from "node:https";
import { z } from "zod";
import { messageOf } from "../../kernel/index.ts";
import type { AbortSignalLike, Effector, StepResult } from "../../model/index.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { maskSecrets } from "../mask-secrets.ts";

const parameters = z.object({
  url: z.string(),
  method: z.string().default("POST"),
  headers: z.record(z.string(), z.string()).default({}),
  body: z.string().optional(),
  undoUrl: z.string().optional(),
  timeoutMs: z.number().positive(),
});

type Parameters = z.infer<typeof parameters>;

const answerBytesMax = 64 * 1024;
const excerptLength = 120;

export function createWebhookEffector(): Effector {
  return guardedEffector({
    kind: "webhook",
    parameters,
    precheck: async (given) => look(given),
    act: async (given, _command, signal) => {
      const result = await call(given, given.url, signal);
      return result.kind === "done" && given.undoUrl !== undefined
        ? { ...result, undo: { called: true } }
        : result;
    },
    undo: async (given, command, signal) => {
      if (given.undoUrl === undefined || command.undo === undefined) {
        return { kind: "refused", reason: "no address was declared that takes it back" };
      }
      return call(given, given.undoUrl, signal);
    },
  });
}

function look(given: Parameters): StepResult {
  for (const [name, text] of [
    ["url", given.url],
    ["undoUrl", given.undoUrl],
  ] as const) {
    if (text === undefined) continue;
    const url = URL.parse(text);
    if (url === null) return { kind: "refused", reason: `\`${name}\` is not an address` };
    if (url.protocol !== "http:" && url.protocol !== "https:") {
      return { kind: "refused", reason: `\`${name}\` is neither http nor https` };
    }
  }
  if (!/^[A-Z]+$/i.test(given.method)) {
    return { kind: "refused", reason: "`method` is not a method of HTTP" };
  }
  const bad = Object.entries(given.headers).find((header) => !isHeader(header));
  if (bad) return { kind: "refused", reason: `the header "${bad[0]}" cannot be sent` };
  return { kind: "done", detail: `would call ${calledAs(given, given.url)}` };
}

function isHeader([name, value]: readonly [string, string]): boolean {
  try {
    validateHeaderName(name);
    validateHeaderValue(name, value);
    return true;
  } catch {
    // Its message would repeat the value.
    return false;
  }
}

async function call(
  given: Parameters,
  address: string,
  signal: AbortSignalLike,
): Promise<StepResult> {
  const seemly = look(given);
  if (seemly.kind !== "done") return seemly;
  const who = calledAs(given, address);
  const controller = new AbortController();
  const abort = (): void => controller.abort();
  signal.addEventListener("abort", abort, { once: true });
  const timer = setTimeout(abort, given.timeoutMs);
  try {
    const { status, text } = await exchange(given, new URL(address), controller.signal);
    if (status >= 200 && status < 300) return { kind: "done", detail: `${who} answered ${status}` };
    const why = status >= 300 && status < 400 ? " (redirects are not followed)" : "";
    const excerpt = maskSecrets(text.replace(/\s+/g, " ").trim(), secretsOf(given, address));
    const said = excerpt === "" ? "" : `: ${excerpt.slice(0, excerptLength)}`;
    return { kind: "failed", reason: `${who} answered ${status}${why}${said}` };
  } catch (error) {
    const message = maskSecrets(messageOf(error), secretsOf(given, address));
    const reason = controller.signal.aborted
      ? `${who} did not answer in time; it may have done its work all the same`
      : `${who} failed: ${message}`;
    return { kind: "failed", reason };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
}

interface Answer {
  readonly status: number;
  readonly text: string;
}

/** Over a connection of its own: a kept one may be the very thing that is broken. */
function exchange(given: Parameters, url: URL, signal: AbortSignal): Promise<Answer> {
  const options: RequestOptions = {
    method: given.method.toUpperCase(),
    headers: { "user-agent": "soulmirror", ...given.headers, ...lengthOf(given.body) },
    agent: false,
    signal,
  };
  const request = url.protocol === "https:" ? requestSecure : requestPlain;
  return new Promise((resolve, reject) => {
    const sent = request(url, options, (response) => {
      const answered = (text: string): void => resolve({ status: response.statusCode ?? 0, text });
      read(response).then(answered, reject);
    });
    sent.on("error", reject);
    sent.end(given.body);
  });
}

function lengthOf(body: string | undefined): Record<string, number> {
  return body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
}

async function read(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    // Leaving the loop closes the connection.
    if (bytes >= answerBytesMax) break;
  }
  return Buffer.concat(chunks).toString("utf8", 0, answerBytesMax);
}

function calledAs({ method }: Parameters, address: string): string {
  return `${method.toUpperCase()} ${new URL(address).origin}`;
}

function secretsOf(given: Parameters, address: string): readonly string[] {
  const url = new URL(address);
  const login = `${decoded(url.username)}:${decoded(url.password)}`;
  const basic = Buffer.from(login).toString("base64");
  return [
    ...Object.values(given.headers),
    `${url.pathname}${url.search}`,
    ...(login === ":" ? [] : [login, decoded(url.password), basic]),
    given.body ?? "",
  ];
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A lone percent sign: it is meant as it stands.
    return text;
  }
}
