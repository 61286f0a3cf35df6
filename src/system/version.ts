import { createRequire } from "node:module";

let known: string | undefined;

/** That of this package. It is read when somebody asks: an import of the package need not wait. */
export function version(): string {
  // By the package's own name, because what it is put together into lies elsewhere.
  known ??= (createRequire(import.meta.url)("soulmirror/package.json") as Manifest).version;
  return known;
}

interface Manifest {
  readonly version: string;
}
