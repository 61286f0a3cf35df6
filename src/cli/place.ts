/**
 * Where the fleet is: its file and its data directory, found without reading either.
 *
 * L1. The data directory is `--data`, else SOULMIRROR_DATA, else `.soulmirror` beside the fleet
 *     file.
 * L2. The fleet file is `-c`, else SOULMIRROR_CONFIG, else `soulmirror.yaml` in this folder or the
 *     nearest one above.
 */
import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { SoulMirrorError } from "../kernel/index.ts";

export interface PlaceOptions {
  readonly config?: string | undefined;
  readonly data?: string | undefined;
  readonly port?: number | undefined;
}

const names = ["soulmirror.yaml", "soulmirror.yml"];

export class Place {
  readonly #options: PlaceOptions;

  constructor(options: PlaceOptions) {
    this.#options = options;
  }

  /** Of the daemon's API, when it was said with `--port`. */
  get port(): number | undefined {
    return this.#options.port;
  }

  /** Absolute. Throws CONFIG_NOT_FOUND. */
  get fleetPath(): string {
    const named = this.#named;
    if (named === undefined) return findAbove(process.cwd()) ?? notFound();
    const path = resolve(named);
    if (existsSync(path)) return path;
    throw new SoulMirrorError("CONFIG_NOT_FOUND", `there is no fleet file ${path}`, {
      fix: "check the path after -c, or write one with `soulmirror init --write`",
    });
  }

  /** False where nobody names a fleet file and none is here or above. */
  get isOfFleet(): boolean {
    return this.#named !== undefined || findAbove(process.cwd()) !== undefined;
  }

  get #named(): string | undefined {
    const named = this.#options.config ?? process.env["SOULMIRROR_CONFIG"];
    return named === "" ? undefined : named;
  }

  /** Absolute; need not exist. Throws CONFIG_NOT_FOUND when nothing says where it is. */
  get dataPath(): string {
    const named = this.#options.data ?? process.env["SOULMIRROR_DATA"];
    if (named !== undefined && named !== "") return resolve(named);
    return join(dirname(this.fleetPath), ".soulmirror");
  }
}

function findAbove(start: string): string | undefined {
  for (let folder = start; ; folder = dirname(folder)) {
    for (const name of names) {
      const path = join(folder, name);
      if (existsSync(path)) return path;
    }
    if (folder === dirname(folder)) return undefined;
  }
}

function notFound(): never {
  throw new SoulMirrorError(
    "CONFIG_NOT_FOUND",
    `there is no soulmirror.yaml in ${process.cwd()} or above`,
    { fix: "name one with -c FILE, or write one with `soulmirror init --write`" },
  );
}
