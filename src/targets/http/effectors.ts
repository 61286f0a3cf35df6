/**
 * Calls a declared webhook as a remedy: step kind `webhook`.
 *
 * W1. Any 2xx answer is done. A redirect is a failure: where it leads was not declared.
 * W2. The address may be a secret itself, and so may headers and body: what is reported names
 *     method and host only, and their words are masked in what the server answered.
 * W3. The whole call has one deadline, and 64 KiB of the answer are read at most.
 * W4. The undo calls `undoUrl` in the same way. Its record is a mere mark: records are kept.
 */
import { validateHeaderName, validateHeaderValue } from "node:http";
import { z } from "zod";
import type { AbortSignalLike, Effector, StepResult } from "../../model/index.ts";
import { excerpt } from "../check-reading.ts";
import { decoded } from "../decoded.ts";
import { guardedEffector } from "../guarded-effector.ts";
import { maskSecrets } from "../mask-secrets.ts";
import { ask } from "./ask.ts";
import { questionOf } from "./question.ts";

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
    const { method, headers, body } = given;
    const called = { url: new URL(address), name: who };
    const question = questionOf(called, { method, headers, body, bodyBytesMax: answerBytesMax });
    const outcome = await ask(question, controller.signal);
    if (outcome.kind === "aborted") {
      const reason = `${who} did not answer in time; it may have done its work all the same`;
      return { kind: "failed", reason };
    }
    const masked = (text: string): string => maskSecrets(text, secretsOf(given, address));
    if (outcome.kind === "failed") {
      return { kind: "failed", reason: `${who} failed: ${masked(outcome.trouble.reason)}` };
    }
    const { status, text } = outcome;
    if (status >= 200 && status < 300) return { kind: "done", detail: `${who} answered ${status}` };
    const why = status >= 300 && status < 400 ? " (redirects are not followed)" : "";
    // Before it is cut: half a secret is not known again.
    const said = excerpt(masked(text));
    const words = said === "" ? "" : `: ${said}`;
    return { kind: "failed", reason: `${who} answered ${status}${why}${words}` };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", abort);
  }
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
