/**
 * The file that a worker thread or a process of ours starts from: TypeScript in a checkout,
 * JavaScript in the published package. `tsc` rewrites imports, but not `new URL("./worker.ts")`.
 *
 * @param name of the file beside the importing module, without extension: `sqlite-worker`. In the
 * engine, whose modules are put together at publishing: two folders up, and down again
 * @param importer `import.meta.url` of that module
 */
export function entryFile(name: string, importer: string): URL {
  return new URL(`./${name}${importer.endsWith(".ts") ? ".ts" : ".js"}`, importer);
}
