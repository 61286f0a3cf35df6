/**
 * The floor plan: which folder of `src/` stands on which rank and what it may reach.
 *
 * 1. A folder imports only folders of a lower rank, through their door (`index.ts`).
 * 2. Folders of one rank never import each other.
 * 3. What is pure (no input, output, clock or chance of its own) is marked so, and can therefore be
 *    simulated; `nodeModules` and `packages` say what else a folder may load.
 */

export interface Place {
  readonly folder: string;
  readonly rank: number;
  /** No I/O, no timers, no clock or chance but the injected ones. */
  readonly isPure: boolean;
  readonly nodeModules: "any" | readonly string[];
  /** `lazy`: types and dynamic imports only, so that loading the folder loads no package. */
  readonly packages: "any" | "lazy" | readonly string[];
  /** Where the rank alone would allow more than the design does. */
  readonly onlyFolders?: readonly string[];
  /** Folders that may be loaded on demand although they are not in `onlyFolders`. */
  readonly lazyFolders?: readonly string[];
}

type Reach = Partial<Omit<Place, "folder" | "rank">>;

function pure(folder: string, rank: number, reach: Reach = {}): Place {
  return { folder, rank, isPure: true, nodeModules: [], packages: [], ...reach };
}

function real(folder: string, rank: number, reach: Reach = {}): Place {
  return { folder, rank, isPure: false, nodeModules: "any", packages: "any", ...reach };
}

const foundations: readonly Place[] = [
  pure("kernel", 0),
  pure("model", 1),
  pure("config", 1, { packages: ["croner", "yaml", "zod"] }),
  pure("resilience", 1),
  pure("statistics", 1),
];

const stages: readonly Place[] = [
  pure("monitor", 2),
  pure("analyze", 2),
  pure("plan", 2),
  pure("execute", 2),
  pure("verify", 2),
  pure("knowledge", 2),
  pure("vault", 2, { nodeModules: ["node:buffer", "node:crypto", "node:zlib"] }),
  pure("mirror", 2),
  pure("alert", 2),
];

export const places: readonly Place[] = [
  ...foundations,
  ...stages,
  real("system", 3, { packages: [] }),
  real("engine", 4, {
    packages: "lazy",
    onlyFolders: ["kernel", "resilience", "statistics", "system"],
    lazyFolders: ["config"],
  }),
  real("targets", 4),
  real("platform", 4),
  real("chaos", 4),
  pure("loop", 5, { onlyFolders: [...foundations, ...stages].map((place) => place.folder) }),
  real("custodian", 5),
  real("api", 6),
  real("daemon", 7),
  real("cli", 7),
  real("public", 7),
];

export function folderOf(path: string): string | undefined {
  return /^src\/([^/]+)\//.exec(path)?.[1];
}

export function placeOf(path: string): Place | undefined {
  const folder = folderOf(path);
  return places.find((place) => place.folder === folder);
}
