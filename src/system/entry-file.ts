/**
 * The file that a worker thread or a process of ours starts from: TypeScript in a checkout,
 * JavaScript in the published package. `tsc` rewrites imports, but not `new URL("./worker.ts")`,
 * and what modules are put together into lies elsewhere: so files are named from the root.
 *
 * @param path below `src`, without extension: `platform/store/sqlite-worker`
 * @param importer `import.meta.url` of a module of ours, or of what it was put into
 */
export function entryFile(path: string, importer: string): URL {
  const [root, extension] = importer.endsWith(".ts") ? ["/src/", ".ts"] : ["/dist/", ".js"];
  const end = importer.lastIndexOf(root) + root.length;
  return new URL(`./${path}${extension}`, importer.slice(0, end));
}
