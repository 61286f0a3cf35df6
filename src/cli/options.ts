import { SoulMirrorError } from "../kernel/index.ts";
import type { Options } from "./command.ts";

/** What commander read, with its types checked where it is asked for. */
export function readOptions(values: Readonly<Record<string, unknown>>): Options {
  const text = (name: string): string | undefined => {
    const value = values[name];
    return typeof value === "string" ? value : undefined;
  };
  return {
    has: (name) => values[name] === true,
    text,
    count(name) {
      const written = text(name);
      if (written === undefined) return undefined;
      if (/^\d{1,9}$/.test(written)) return Number(written);
      throw new SoulMirrorError("BAD_REQUEST", `--${name} wants a whole number, not "${written}"`);
    },
  };
}
