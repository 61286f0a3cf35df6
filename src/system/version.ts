import { createRequire } from "node:module";

/** Of this package. It names itself, because what it is put together into lies elsewhere. */
export const version: string = readVersion();

function readVersion(): string {
  const manifest: unknown = createRequire(import.meta.url)("soulmirror/package.json");
  return (manifest as { readonly version: string }).version;
}
