import { readFileSync } from "node:fs";

/** Of the package that this file is part of, in a checkout and when installed. */
export const version: string = readVersion();

function readVersion(): string {
  const text = readFileSync(new URL("../../package.json", import.meta.url), "utf8");
  return (JSON.parse(text) as { version: string }).version;
}
