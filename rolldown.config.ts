/**
 * What a service loads is put together at publishing: a few files instead of a few hundred small
 * ones, so that `import "soulmirror"` costs next to nothing. See docs/decisions/0023.
 *
 * Entries and what they share lie two folders below `dist`, as their sources lie below `src`: paths
 * to files that are loaded later (`entryFile`) are right in both.
 */
import { readdirSync } from "node:fs";
import { defineConfig } from "rolldown";

const folder = "dist/public";
const names = readdirSync(folder).filter((name) => name.endsWith(".js"));

export default defineConfig({
  input: Object.fromEntries(names.map((name) => [name.slice(0, -3), `${folder}/${name}`])),
  platform: "node",
  // Packages are never put in: they are the user's own.
  external: /^(?:node:|[^./])/,
  output: {
    dir: `${folder}/bundle`,
    entryFileNames: "[name].js",
    chunkFileNames: "shared-[hash].js",
    minify: false,
  },
});
