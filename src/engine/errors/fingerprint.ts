/**
 * What makes an error the same one as before: its kind, class, code, what it is about, and its text
 * without what differs from time to time. Of a chain of causes the last one says what is wrong.
 *
 * Errors are what others have thrown: every look is guarded, and nothing of them is kept but texts
 * that were cut and have no secrets.
 */
import { cutOff } from "../../kernel/index.ts";
import {
  type ErrorCategory,
  messageIn,
  nameOf,
  read,
  readList,
  readNumber,
  readText,
} from "../../resilience/index.ts";
import { redact } from "../redact.ts";

/** As it was thrown: not to be kept, because texts may hold secrets. */
export interface ErrorFacts {
  readonly category: ErrorCategory;
  /** The class of the error: `TypeError`. */
  readonly name: string;
  /** `ECONNREFUSED`, `23505`, `503`; empty: it has none. */
  readonly code: string;
  /** What it is about: `127.0.0.1:5432`, `users_email_key`; empty: it does not say. */
  readonly resource: string;
  readonly message: string;
}

const depthMax = 8;
const branchesMax = 8;
const wordMax = 100;

/** The error, its cause, the cause of that, and so on; what is no object ends it. */
export function chainOf(error: unknown): readonly object[] {
  const chain: object[] = [];
  for (let link = error; isObject(link) && chain.length < depthMax; link = causeOf(link)) {
    if (chain.includes(link)) break;
    chain.push(link);
  }
  return chain;
}

/** Errors that one stands for: of all addresses, of all providers. */
export function branchesOf(error: object): readonly object[] {
  return readList(error, "errors", branchesMax).filter(isObject);
}

/** `error` is the last of its chain, or no object. */
export function factsOf(error: unknown, category: ErrorCategory): ErrorFacts {
  const code = readText(error, "code") ?? readNumber(error, "code") ?? readStatus(error) ?? "";
  return {
    category,
    name: cutOff(nameOf(error), wordMax),
    code: word(String(code)),
    resource: resourceOf(error),
    message: messageIn(error),
  };
}

/** What may be kept of it. */
export function withoutSecrets(facts: ErrorFacts): Omit<ErrorFacts, "message"> {
  const { category, name, code, resource } = facts;
  return { category, name: redact(name), code: redact(code), resource: redact(resource) };
}

export function exampleOf(message: string): string {
  return redact(cutOff(message, 200));
}

function causeOf(error: object): unknown {
  const cause = read(error, "cause");
  if (cause !== undefined) return cause;
  // An AggregateError of all addresses of a host has no text of its own.
  return messageIn(error) === "" ? branchesOf(error)[0] : undefined;
}

function readStatus(error: unknown): number | undefined {
  return readNumber(error, "status") ?? readNumber(error, "statusCode");
}

function resourceOf(error: unknown): string {
  const host = readText(error, "address") ?? readText(error, "hostname");
  if (host !== undefined && host !== "") {
    const port = readNumber(error, "port");
    const shown = host.includes(":") && port !== undefined ? `[${host}]` : host;
    return word(port === undefined ? shown : `${shown}:${port}`);
  }
  return word(readText(error, "constraint") ?? readText(error, "table") ?? "");
}

function word(text: string): string {
  return cutOff(text, wordMax);
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}
