/**
 * What a good answer looks like, and the first thing that is not so.
 *
 * E1. Without a declared status every 2xx is good.
 * E2. A body of `application/health+json` that says it fails is not good even with 200; one that
 *     warns is good. What else is JSON is judged by what was declared and by nothing else.
 * E3. Of a body of `application/health+json` the reason says which checks fail, and no raw JSON.
 */
import { z } from "zod";
import { excerpt, inMs, type Trouble } from "../check-reading.ts";
import { textPattern } from "../text-pattern.ts";
import type { Answer } from "./ask.ts";
import { healthWords, memberOf, parseJson, saysItFails } from "./health-words.ts";

const oneStatus = z.union([z.int(), z.string().regex(/^[1-5](?:xx|\d\d)$/)]);
const scalar = z.union([z.string(), z.number(), z.boolean(), z.null()]);

export const expectationSchema = z.object({
  status: z.union([oneStatus, z.array(oneStatus).min(1)]).default("2xx"),
  body: z.string().optional(),
  headers: z.record(z.string(), z.string()).default({}),
  json: z.record(z.string(), scalar).default({}),
  maxMs: z.number().positive().optional(),
});

type Expectation = z.infer<typeof expectationSchema>;

/** The answer, and how long it took. */
export type Judge = (answer: Answer, elapsedMs: number) => Trouble | undefined;

/** Throws when a pattern in it is none. */
export function judgeOf(expectation: Expectation): Judge {
  const isStatus = statusTest([expectation.status].flat());
  const body = expectation.body === undefined ? undefined : textPattern(expectation.body);
  const headers = Object.entries(expectation.headers).map(
    ([name, source]) => [name.toLowerCase(), textPattern(source)] as const,
  );
  const json = Object.entries(expectation.json);
  const { maxMs } = expectation;
  return (answer, elapsedMs) => {
    if (!isStatus(answer.status)) return statusTrouble(answer);
    for (const [name, pattern] of headers) {
      const value = String(answer.headers[name] ?? "");
      if (pattern.matches(value)) continue;
      return content(`header ${name} is "${excerpt(value)}", not ${pattern.source}`);
    }
    if (body && !body.matches(answer.text)) {
      return content(`the body has no ${body.source}${cutNote(answer)}: ${excerpt(answer.text)}`);
    }
    const wrong = json.length > 0 ? jsonTrouble(answer, json) : undefined;
    if (wrong) return wrong;
    if (expectation.json["status"] === undefined && saysItFails(answer)) {
      return content(`the body says it fails: ${wordsOf(answer)}`);
    }
    if (maxMs === undefined || elapsedMs <= maxMs) return undefined;
    return { symptom: "slow", reason: `good, but it took ${inMs(elapsedMs)} of ${maxMs} ms` };
  };
}

function content(reason: string): Trouble {
  return { symptom: "content", reason };
}

function statusTest(wanted: readonly (string | number)[]): (status: number) => boolean {
  const texts = wanted.map(String);
  return (status) => {
    const text = String(status);
    return texts.includes(text) || texts.includes(`${text[0]}xx`);
  };
}

function statusTrouble(answer: Answer): Trouble {
  const { headers } = answer;
  const location = headers.location === undefined ? "" : ` to ${excerpt(headers.location)}`;
  const said = wordsOf(answer);
  return { symptom: "status", reason: `${location}${said === "" ? "" : `: ${said}`}` };
}

/** E3. */
function wordsOf(answer: Answer): string {
  return healthWords(answer) ?? excerpt(answer.text);
}

function cutNote({ isCut, text }: Answer): string {
  return isCut ? ` in its first ${Math.round(text.length / 1024)} KiB` : "";
}

type Scalar = z.infer<typeof scalar>;

function jsonTrouble(
  answer: Answer,
  wanted: readonly (readonly [string, Scalar])[],
): Trouble | undefined {
  const parsed = parseJson(answer.text);
  if (parsed === undefined) {
    return content(`the body is no JSON${cutNote(answer)}: ${excerpt(answer.text)}`);
  }
  for (const [path, value] of wanted) {
    const found = path.split(".").reduce<unknown>(memberOf, parsed);
    if (found === value) continue;
    const seen = excerpt(JSON.stringify(found) ?? "missing");
    return content(`${path} is ${seen}, not ${JSON.stringify(value)}`);
  }
  return undefined;
}
