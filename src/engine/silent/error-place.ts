/** An error in two short texts: what it says and where it was made. */
import { cutOff, messageOf } from "../../kernel/index.ts";

export interface ErrorPlace {
  readonly error: string;
  /** The first line of the stack outside node; "" where there is none. */
  readonly at: string;
}

const shown = 200;

export function placeOfError(error: unknown): ErrorPlace {
  return { error: cutOff(messageOf(error), shown), at: firstLine(error) };
}

function firstLine(error: unknown): string {
  const stack = error instanceof Error ? error.stack : undefined;
  if (typeof stack !== "string") return "";
  const lines = stack.split("\n").filter((line) => /^\s+at /.test(line));
  const own = lines.find((line) => !/[( ]node:/.test(line)) ?? lines[0] ?? "";
  return cutOff(own.trim().replace(/^at /, ""), shown);
}

/** True where an emitter of node was calling its listeners when it was thrown. */
export function isFromListener(error: unknown): boolean {
  if (!(error instanceof Error) || typeof error.stack !== "string") return false;
  return /\n\s+at [\w.]*emit \(node:events/.test(error.stack);
}
