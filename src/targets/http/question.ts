/** What a URL or path and its headers mean as a question, made once for each look. */
import { z } from "zod";
import type { ReadRequest } from "../../model/index.ts";
import { decoded } from "../decoded.ts";
import type { Question } from "./ask.ts";

/** The parameters of everything that asks over HTTP: a whole `url`, or a `path` of an instance. */
export const addressParameters: {
  readonly url: z.ZodOptional<z.ZodString>;
  readonly path: z.ZodOptional<z.ZodString>;
} = { url: z.string().optional(), path: z.string().optional() };

export interface AddressParameters {
  readonly url?: string | undefined;
  readonly path?: string | undefined;
}

export interface Addressed {
  readonly url: URL;
  /** For people: no login, no query; of an instance the path alone. */
  readonly name: string;
}

/** Throws when there is neither address nor instance: then nothing can be asked. */
export function addressOf(given: AddressParameters, { port }: ReadRequest): Addressed {
  const text = given.url ?? given.path ?? "/";
  if (!text.startsWith("/")) {
    const url = URL.parse(text);
    if (url === null || !/^https?:$/.test(url.protocol)) {
      throw new Error("the url is no http or https address");
    }
    return { url, name: `${url.origin}${url.pathname}` };
  }
  if (port === undefined) throw new Error(`the path ${text} needs an instance with a port`);
  const url = new URL(`http://127.0.0.1:${port}`);
  [url.pathname, url.search] = splitOnce(text);
  return { url, name: url.pathname };
}

/** Not by `new URL(path, base)`: a path that begins with two slashes would name another host. */
function splitOnce(text: string): [string, string] {
  const mark = text.indexOf("?");
  return mark < 0 ? [text, ""] : [text.slice(0, mark), text.slice(mark)];
}

export interface QuestionOptions {
  readonly method?: string | undefined;
  readonly headers?: Readonly<Record<string, string>> | undefined;
  readonly body?: string | undefined;
  readonly bodyBytesMax: number;
  readonly authorities?: string | undefined;
}

const politeness = { "user-agent": "soulmirror", accept: "*/*" };

export function questionOf({ url }: Addressed, options: QuestionOptions): Question {
  const isSecure = url.protocol === "https:";
  const { body, headers } = options;
  return {
    isSecure,
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isSecure ? 443 : 80)),
    path: `${url.pathname}${url.search}`,
    method: (options.method ?? "GET").toUpperCase(),
    headers: {
      ...politeness,
      ...loginOf(url),
      ...(body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) }),
      ...lowerCase(headers ?? {}),
    },
    body,
    bodyBytesMax: options.bodyBytesMax,
    authorities: options.authorities,
  };
}

function loginOf({ username, password }: URL): Record<string, string> {
  if (username === "" && password === "") return {};
  const login = `${decoded(username)}:${decoded(password)}`;
  return { authorization: `Basic ${Buffer.from(login).toString("base64")}` };
}

function lowerCase(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]),
  );
}
