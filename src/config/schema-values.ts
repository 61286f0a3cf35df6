/**
 * The small values of the schema, each with words for what it wants.
 * The first line of a message says what is wrong, the second what to write instead (and so on in
 * pairs, where several keys are wrong); `validate.ts` takes them apart.
 */
import { z } from "zod";
import { adviceFor, modes, parseBytes, parseDurationMs } from "../kernel/index.ts";
import { splitWords } from "./split-words.ts";

/** A map with known keys; every other key is an error that names the nearest known one. */
export function record<Shape extends z.core.$ZodLooseShape>(
  shape: Shape,
): z.ZodObject<Shape, z.core.$strict> {
  const keys = Object.keys(shape);
  return z.strictObject(shape, {
    error: (issue) => {
      if (issue.code === "unrecognized_keys") {
        const unknown = issue.keys as readonly string[];
        return unknown.map((key) => `unknown key "${key}"\n${adviceFor(key, keys)}`).join("\n");
      }
      return `expected keys with values\nuse some of: ${keys.join(", ")}`;
    },
  });
}

/** A map with keys of people's choice. */
export function named<Value extends z.ZodType>(
  value: Value,
  what: string,
): z.ZodRecord<z.ZodString, Value> {
  const key = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9_-]*$/, {
    error: `a ${what} is named with letters, digits, "-" and "_"\nrename it`,
  });
  return z.record(key, value, {
    error: (issue) =>
      issue.code === "invalid_key" ? undefined : `expected ${what}s by name\nwrite NAME: VALUE`,
  });
}

export function oneOf<const Words extends readonly [string, ...string[]]>(
  words: Words,
): z.ZodEnum<z.core.util.ToEnum<Words[number]>> {
  return z.enum(words, {
    error: (issue) =>
      `expected ${words.join(" | ")}\n${typeof issue.input === "string" ? adviceFor(issue.input, words) : `use ${words[0]}`}`,
  });
}

export const mode = oneOf(modes).describe(
  "off looks at nothing, shadow measures, monitor also reports, limited acts by the named strategies, full acts",
);

const nulError = "it holds a NUL character, which ends a text for the system\ntake it out";

function hasNoNul(value: unknown): boolean {
  return typeof value !== "string" || !value.includes("\0");
}

export const text = z
  .string({ error: "expected a text\nput it into quotes" })
  .min(1, { error: "it is empty\nwrite something, or leave the key out" })
  .refine(hasNoNul, { error: nulError });

/** The characters of a token (RFC 9110, 5.6.2): methods and names of header fields. */
const token = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

export const httpMethod = text.regex(token, {
  error: "expected a method\nwrite one word, for example GET",
});

export const headerName = z.string().regex(token, {
  error: "this cannot be the name of a header field\nwrite letters, digits and hyphens",
});

export const yesOrNo = z.boolean({ error: "expected true or false\nwrite true or false" });

export function whole(minimum: number, maximum = 1_000_000_000): z.ZodNumber {
  const error = `expected a whole number from ${minimum} to ${maximum}\nwrite for example ${Math.max(1, minimum)}`;
  return z.int({ error }).min(minimum, { error }).max(maximum, { error });
}

export function fraction(maximum = 1): z.ZodNumber {
  const error = `expected a number from 0 to ${maximum}\nwrite for example ${maximum / 2}`;
  return z.number({ error }).min(0, { error }).max(maximum, { error });
}

export const number = z.number({ error: "expected a number\nwrite for example 100" });

export const port = whole(1, 65_535).describe("TCP port");

const durationError = "expected a duration\nwrite for example 500ms, 30s, 1m30s or 2h";

export const duration = z
  .union([z.string(), z.number()], { error: durationError })
  .refine((value) => parseDurationMs(value) !== undefined, { error: durationError })
  .describe("Duration: 500ms, 30s, 1m30s, 2h, 7d; a bare number is milliseconds");

/** A pause that is awaited again and again: zero would be a storm. */
export const interval = duration
  .refine((value) => (parseDurationMs(value) ?? 10) >= 10, {
    error: "it is shorter than 10ms\nwrite at least 10ms",
  })
  .describe("Duration of at least 10ms: 500ms, 30s, 1m");

const sizeError = "expected a size\nwrite for example 512MB or 2GB";

export const size = z
  .union([z.string(), z.number()], { error: sizeError })
  .refine((value) => parseBytes(value) !== undefined, { error: sizeError })
  .describe("Size: 64KB, 512MB, 2GB; a bare number is bytes");

const wordError = "expected a word of the command\nput it into quotes";
const word = z
  .union([z.string(), z.number()], { error: wordError })
  .refine(hasNoNul, { error: nulError });

export const command = z
  .union([z.string(), z.array(word).min(1, { error: "it is empty\nname the program to run" })], {
    error: "expected a command\nwrite `node server.js` or [node, server.js]",
  })
  .superRefine((value, context) => {
    if (typeof value !== "string") return;
    if (!hasNoNul(value)) return context.addIssue({ code: "custom", message: nulError });
    const words = splitWords(value);
    if (words.ok) return;
    const fix = words.error.includes("needs a shell")
      ? 'quote it if it is meant as it stands, else name a script: [sh, -c, "..."]'
      : "close or quote it, or write the command as a list";
    context.addIssue({ code: "custom", message: `${words.error}\n${fix}` });
  })
  .describe("Program and arguments, as one text or as a list; never run by a shell");

const prefix = z
  .string({ error: "expected a text\nwrite for example 'Bearer '" })
  .optional()
  .describe("Goes before it");

/** Where a secret is: what is there is never shown or stored. */
export const secretPlace = record({ env: text.optional(), file: text.optional(), prefix }).refine(
  ({ env, file }) => (env === undefined) !== (file === undefined),
  { error: "it names not exactly one place\nwrite { env: NAME } or { file: PATH }" },
);

/** A value, or where it is kept. */
export const secretText = z
  .union([z.string(), z.number(), z.boolean(), secretPlace], {
    error: "expected a text, { env: NAME } or { file: PATH }\nput it into quotes",
  })
  .refine(hasNoNul, { error: nulError })
  .describe("A text, or { env: NAME } or { file: PATH } for what is kept there and stays secret");

export const headerValue = secretText.refine(
  (value) => typeof value !== "string" || !/[\r\n]/.test(value),
  { error: "a header field is one line\nwrite it without line breaks" },
);

export const texts = z
  .union([text, z.array(text)], { error: "expected a text or a list of texts\nwrite [a, b]" })
  .describe("One text or a list of them");

const hostError = "expected HOST or HOST:PORT\nwrite box.example or box.example:8443";

/** As they stand in a `Host` header: no scheme, no path, no pattern. */
const hostName = text.refine(
  (value) => /^(?:[a-z0-9](?:[a-z0-9._-]*[a-z0-9])?|\[[0-9a-f:.]+\])(?::\d{1,5})?$/i.test(value),
  { error: hostError },
);

export const hostNames = z
  .union([hostName, z.array(hostName)], { error: hostError })
  .describe("HOST or HOST:PORT, one or a list of them");

export const httpUrl = text
  .refine((value) => /^https?:\/\/[^\s/]+/.test(value), {
    error: "expected a URL\nwrite http://HOST:PORT/PATH",
  })
  .describe("http:// or https:// URL");

/** The address of a webhook lets whoever knows it in. */
export const secretUrl = z
  .union([httpUrl, secretPlace], {
    error: "expected a URL, { env: NAME } or { file: PATH }\nwrite http://HOST:PORT/PATH",
  })
  .describe("http:// or https:// URL, or { env: NAME } or { file: PATH } that holds it");

/** Plain text, or `/regular expression/flags`. */
export const pattern = text
  .superRefine((value, context) => {
    const body = /^\/(.+)\/([a-z]*)$/s.exec(value);
    if (!body) return;
    try {
      RegExp(body[1] ?? "", body[2]);
    } catch (error) {
      // Only people's patterns end here, and the engine's words name what is wrong with them.
      const reason = error instanceof Error ? error.message : "not a regular expression";
      context.addIssue({ code: "custom", message: `${reason}\ncorrect the expression` });
    }
  })
  .describe("Text that must occur, or /regular expression/");
