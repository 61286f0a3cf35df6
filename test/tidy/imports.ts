/** How one file names another: `import`, `import type`, `export from`, `import()`. */
import { lineAt, nodesOf, onceForEach, parse, type SourceFile } from "./source.ts";

export interface Import {
  readonly specifier: string;
  readonly line: number;
  /** The imported names; empty for a namespace, a default or an import for its effect. */
  readonly names: readonly string[];
  readonly isType: boolean;
  readonly isDynamic: boolean;
}

export const importsOf: (file: SourceFile) => readonly Import[] = onceForEach((file) => [
  ...staticImports(file),
  ...reexports(file),
  ...dynamicImports(file),
  ...typeQueries(file),
]);

function staticImports(file: SourceFile): readonly Import[] {
  return parse(file).module.staticImports.map((found) => ({
    specifier: found.moduleRequest.value,
    line: lineAt(file, found.start),
    names: found.entries.flatMap((entry) => entry.importName.name ?? []),
    isType: found.entries.length > 0 && found.entries.every((entry) => entry.isType),
    isDynamic: false,
  }));
}

function reexports(file: SourceFile): readonly Import[] {
  return parse(file).module.staticExports.flatMap((found) =>
    found.entries.flatMap((entry) => {
      if (entry.moduleRequest === null) return [];
      return {
        specifier: entry.moduleRequest.value,
        line: lineAt(file, entry.start),
        names: entry.importName.name === null ? [] : [entry.importName.name],
        isType: entry.isType,
        isDynamic: false,
      };
    }),
  );
}

function dynamicImports(file: SourceFile): readonly Import[] {
  return parse(file).module.dynamicImports.flatMap((found) => {
    const written = file.text.slice(found.moduleRequest.start, found.moduleRequest.end);
    const literal = /^(["'`])([^$]*)\1$/s.exec(written.trim())?.[2];
    if (literal === undefined) return [];
    const line = lineAt(file, found.start);
    return { specifier: literal, line, names: [], isType: false, isDynamic: true };
  });
}

/** The `import("...")` of a type position, which is no dynamic import. */
function typeQueries(file: SourceFile): readonly Import[] {
  return nodesOf(file, "TSImportType").flatMap((node) => {
    const literal = /import\(\s*(["'])(.*?)\1/s.exec(file.text.slice(node.start, node.end))?.[2];
    if (literal === undefined) return [];
    const line = lineAt(file, node.start);
    return { specifier: literal, line, names: [], isType: true, isDynamic: false };
  });
}
