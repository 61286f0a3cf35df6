/**
 * What a service loads, and the command line, is put together at publishing: a few files instead of
 * a few hundred small ones, so that `import "soulmirror"` and `soulmirror status` cost next to
 * nothing. See docs/decisions/0023.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineConfig, type Plugin, rolldown } from "rolldown";

const folder = "dist/public";
const names = readdirSync(folder).filter((name) => name.endsWith(".js"));

const common = {
  platform: "node",
  // Packages are never put in: they are the user's own.
  external: /^(?:node:|[^./])/,
  // No module does anything but declare when it is loaded, except for the entry `register`.
  treeshake: { moduleSideEffects: false },
} as const;

/** Comments for people are in the sources; what tools go by stays. */
const comments = { legal: true, annotation: true, jsdoc: false } as const;

/** What `import "soulmirror"` loads is one file: each further one would be opened and linked. */
const core = await modulesOf(`${folder}/index.js`);

async function modulesOf(entry: string): Promise<ReadonlySet<string>> {
  const bundle = await rolldown({ ...common, input: entry });
  const { output } = await bundle.generate();
  const found = new Set<string>();
  for (const file of output) {
    if (file.type !== "chunk" || file.isDynamicEntry) continue;
    for (const path of file.moduleIds) {
      if ((file.modules[path]?.renderedLength ?? 0) > 0) found.add(path);
    }
  }
  return found;
}

/**
 * Types for `require`, beside those for `import`: compilers that do not know that Node lets a
 * CommonJS module require this one refuse it otherwise. They name the very types of the others, so
 * that what one kind of module has made fits the other kind.
 */
const typesForRequire: Plugin = {
  name: "types-for-require",
  async writeBundle({ dir = "" }, files) {
    for (const file of Object.values(files)) {
      if (file.type !== "chunk" || !file.isEntry) continue;
      const types = `import("./${file.name}.js", { with: { "resolution-mode": "import" } })`;
      // What exports nothing is loaded for what it does: not here.
      const module: unknown =
        file.exports.length === 0
          ? {}
          : await import(pathToFileURL(resolve(dir, file.fileName)).href);
      const lines = Object.entries(module as object).map(([name, value]: [string, unknown]) => {
        const itself = `export declare const ${name}: typeof ${types}.${name};`;
        return isClass(value) ? `${itself}\nexport type ${name} = ${types}.${name};` : itself;
      });
      const rest = `export type * from "./${file.name}.js" with { "resolution-mode": "import" };`;
      writeFileSync(`${folder}/${file.name}.d.cts`, [...lines, rest, ""].join("\n"));
    }
  },
};

/**
 * `import` of one of Node's modules reads all that it exports, and so loads whatever it would load
 * when it is needed: `node:util` alone 34 modules, `node:http` a browser's sockets. Asked for in
 * this way it does not.
 */
function builtInsAsNeeded(isMeant: (chunk: string) => boolean): Plugin {
  return {
    name: "built-ins-as-needed",
    renderChunk(code, { name }) {
      if (!isMeant(name)) return null;
      return code.replace(
        /^import (?:(?:\* as )?([\w$]+)(?:, | ))?(?:(\{.+\}) )?from "(node:[\w/]+)";$/gm,
        (...[, whole, parts, module]: (string | undefined)[]) => {
          const found = `process.getBuiltinModule("${module}")`;
          const names = parts?.replaceAll(/([\w$]+) as ([\w$]+)/g, "$1: $2");
          return [whole, names]
            .filter((name) => name !== undefined)
            .map((name) => `const ${name} = ${found};`)
            .join("\n");
        },
      );
    },
  };
}

/** What the licences of packages ask of whoever passes them on as a part of something else. */
const licences: Plugin = {
  name: "licences",
  generateBundle(_, files) {
    const packages = new Set<string>();
    for (const file of Object.values(files)) {
      if (file.type !== "chunk") continue;
      for (const path of file.moduleIds) {
        const found = /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path);
        if (found !== null) packages.add(found[0]);
      }
    }
    const texts = [...packages].sort().map((folder) => {
      const name = readdirSync(folder).find((each) => /^licen[cs]e/i.test(each));
      if (name === undefined) throw new Error(`${folder} has no licence`);
      return `${basename(folder)}\n\n${readFileSync(resolve(folder, name), "utf8").trim()}\n`;
    });
    const source = texts.join(`\n${"-".repeat(80)}\n\n`);
    this.emitFile({ type: "asset", fileName: "bundle/LICENSES.txt", source });
  },
};

function isClass(value: unknown): boolean {
  return typeof value === "function" && /^class\b/.test(Function.prototype.toString.call(value));
}

/** Threads: each would otherwise load, and keep, all that is behind the doors of a few folders. */
const workers = [
  "engine/silent/stall-worker",
  "platform/content/content-worker",
  "platform/restore/restore-worker",
  "platform/watch/watch-worker",
].map((name) => ({
  ...common,
  input: `dist/${name}.js`,
  output: { file: `dist/${name}.js`, minify: false, comments },
}));

const published = {
  ...common,
  plugins: [builtInsAsNeeded((chunk) => chunk === "core"), typesForRequire],
  input: Object.fromEntries(names.map((name) => [name.slice(0, -3), `${folder}/${name}`])),
  output: {
    dir: `${folder}/bundle`,
    cleanDir: true,
    entryFileNames: "[name].js",
    chunkFileNames: "[name]-[hash].js",
    minify: false,
    comments,
    codeSplitting: {
      groups: [{ name: "core", test: (path: string) => core.has(path) }],
      includeDependenciesRecursively: false,
    },
  },
};

/**
 * The command line. A verb is loaded when it is given, with what it alone needs; the packages of
 * the others are looked for, read and linked hundreds of files at a time, and are therefore put in.
 * What several verbs share is in a few files, of which none needs a later one.
 */
const shared = [
  { name: "ground", test: /\/dist\/(?:kernel|model|resilience|statistics|system)\// },
  { name: "config", test: /\/dist\/config\/|\/node_modules\/(?:croner|yaml|zod)\// },
  { name: "vault", test: /\/dist\/(?:custodian|vault)\/|\/dist\/platform\/(?!proxy|store)/ },
].map((group) => ({ ...group, minShareCount: 2 }));

const commandLine = {
  ...common,
  // What a command or two need, and is large, stays where it is.
  external: /^(?:node:|kysely)/,
  treeshake: { moduleSideEffects: (path: string) => path.includes("/node_modules/") },
  plugins: [builtInsAsNeeded(() => true), licences],
  input: { main: "dist/cli/main.js" },
  preserveEntrySignatures: false,
  output: {
    dir: "dist/cli",
    entryFileNames: "[name].js",
    chunkFileNames: "bundle/[name]-[hash].js",
    minify: false,
    comments,
    codeSplitting: { groups: shared, includeDependenciesRecursively: false },
  },
} as const;

export default defineConfig([published, commandLine, ...workers]);
