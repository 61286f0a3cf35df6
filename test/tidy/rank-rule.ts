/** Imports point down, through doors. See `places.ts` for the plan. */
import { isBuiltin } from "node:module";
import path from "node:path";
import { type Import, importsOf } from "./imports.ts";
import { folderOf, type Place, placeOf, places } from "./places.ts";
import { isCode, isTest, type Rule, type SourceFile } from "./source.ts";

const packagesOfTests: ReadonlySet<string> = new Set(["vitest", "fast-check"]);

export const rankRule: Rule = {
  name: "ranks",
  check: (tree) =>
    tree
      .filter((file) => isCode(file) && /^(?:src|dashboard)\//.test(file.path))
      .flatMap((file) => {
        if (file.path.startsWith("dashboard/")) return dashboardViolations(file);
        const place = placeOf(file.path);
        if (place === undefined) {
          const known = places.map(({ folder }) => folder).join(", ");
          return [{ path: file.path, message: `lies in no ranked folder of src/; take ${known}` }];
        }
        return importsOf(file).flatMap((found) => {
          const message = complaint(file, place, found);
          return message === undefined ? [] : [{ path: file.path, line: found.line, message }];
        });
      }),
};

function complaint(file: SourceFile, place: Place, found: Import): string | undefined {
  const { specifier } = found;
  if (specifier.startsWith(".")) return folderComplaint(file, place, found);
  if (specifier.startsWith("node:")) return nodeComplaint(file, place, specifier);
  if (isBuiltin(specifier)) return `imports "${specifier}"; write "node:${specifier}"`;
  return packageComplaint(file, place, found);
}

function folderComplaint(file: SourceFile, place: Place, found: Import): string | undefined {
  const target = path.posix.join(path.posix.dirname(file.path), found.specifier);
  const folder = folderOf(target);
  if (folder === place.folder) return undefined;
  const other = placeOf(target);
  if (folder === undefined || other === undefined) {
    return `imports ${target}, which is in no ranked folder of src/; hand the thing in instead`;
  }
  if (other.rank >= place.rank) {
    return (
      `${place.folder} (rank ${place.rank}) imports ${folder} (rank ${other.rank}); only lower ` +
      "ranks may be imported: move the shared noun down to model/ or let the owner hand it in"
    );
  }
  if (place.onlyFolders?.includes(folder) === false) {
    const isLazy = found.isDynamic || found.isType;
    if (!isLazy || place.lazyFolders?.includes(folder) !== true) {
      return `${place.folder} may only import ${place.onlyFolders.join(", ")}, not ${folder}; hand it in`;
    }
  }
  // Each subpath that npm users import loads its own part of the engine and no other.
  const isPartOfEngine = /^src\/engine\/[a-z-]+\/index\.ts$/.test(target);
  if (place.folder === "public" && isPartOfEngine) return undefined;
  // Parts of the platform have nothing to do with each other, and loading one loads no other.
  if (/^src\/platform\/[a-z-]+\/index\.ts$/.test(target)) return undefined;
  if (target !== `src/${folder}/index.ts`) {
    return `enters ${folder} by ${target}; its door is src/${folder}/index.ts: export it there`;
  }
  return undefined;
}

function nodeComplaint(file: SourceFile, place: Place, specifier: string): string | undefined {
  if (place.nodeModules === "any" || place.nodeModules.includes(specifier)) return undefined;
  if (isTest(file)) return undefined;
  return `${place.folder} is pure and imports "${specifier}"; declare a port in model/ and hand it in`;
}

function packageComplaint(file: SourceFile, place: Place, found: Import): string | undefined {
  const name = found.specifier.split("/", found.specifier.startsWith("@") ? 2 : 1).join("/");
  if (isTest(file) && packagesOfTests.has(name)) return undefined;
  if (place.packages === "any") return undefined;
  if (place.packages === "lazy") {
    if (found.isDynamic || found.isType || isTest(file)) return undefined;
    return `${place.folder} loads the package "${name}" at once; import it on demand`;
  }
  if (place.packages.includes(name)) return undefined;
  return `${place.folder} imports the package "${name}"; packages belong to ranks 4 and above`;
}

/** A browser is another world: it takes the router's type from the api and nothing else. */
function dashboardViolations(file: SourceFile): ReturnType<Rule["check"]> {
  return importsOf(file).flatMap((found) => {
    const target = path.posix.join(path.posix.dirname(file.path), found.specifier);
    if (!found.specifier.startsWith(".") || target.startsWith("dashboard/")) return [];
    if (found.isType && target === "src/api/index.ts") return [];
    const message = `imports ${target}; the dashboard may only \`import type\` from src/api/index.ts`;
    return [{ path: file.path, line: found.line, message }];
  });
}
