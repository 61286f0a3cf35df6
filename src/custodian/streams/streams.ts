/**
 * The streams of a vault, for the process that keeps it: what they receive lies in a folder that
 * each snapshot holds. Whoever makes snapshots has that folder among the sources (`ownSources`).
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { VaultSpec } from "../../config/index.ts";
import { privateDirectory, realClock } from "../../system/index.ts";
import { readState } from "../state-file.ts";
import { mariadbServer } from "./mariadb-server.ts";
import { postgresServer } from "./postgres-server.ts";
import { Stream, type StreamTold } from "./stream.ts";

export interface StreamsOptions {
  readonly spec: Pick<VaultSpec, "name" | "streams">;
  /** See `vaultFolder`. */
  readonly folder: string;
  readonly tell: (told: StreamTold) => void;
  /** Folders in which something has changed that snapshots are to hold. */
  readonly onChange: (folders: readonly string[]) => void;
}

export class Streams implements AsyncDisposable {
  readonly #running: AsyncDisposableStack;

  private constructor(running: AsyncDisposableStack) {
    this.#running = running;
  }

  /** They begin by themselves, and go on until they are disposed of. */
  static async start({ folder, onChange, spec, tell }: StreamsOptions): Promise<Streams> {
    await using running = new AsyncDisposableStack();
    // A vault that never had one gets no folder for them.
    if (Object.keys(spec.streams).length === 0 && !existsSync(join(folder, "streams"))) {
      return new Streams(running.move());
    }
    const [kept, work] = [
      privateDirectory(join(folder, "streams")),
      privateDirectory(join(folder, "receiving")),
    ];
    for (const name of await readdir(kept)) {
      if (name in spec.streams) continue;
      const text = `it is not declared any more: what was received of it stays in ${join(kept, name)}`;
      tell({ stream: name, kind: "left", text });
    }
    for (const [name, stream] of Object.entries(spec.streams)) {
      const server = stream.kind === "postgres" ? postgresServer : mariadbServer;
      const options = { name, spec: stream, tell, isHeld, onChange };
      running.use(
        new Stream({
          ...options,
          server: server(stream, `${spec.name}_${name}`),
          folder: join(kept, name),
          workFolder: privateDirectory(join(work, name)),
        }),
      );
    }
    return new Streams(running.move());

    /** Runs follow one another: the second one after a moment has begun after it, too. */
    async function isHeld(sinceMs: number): Promise<boolean> {
      const { runs } = await readState(folder, realClock.now().wallMs);
      return runs.filter(({ at, verdict }) => at > sinceMs && verdict !== "failed").length >= 2;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#running.disposeAsync();
  }
}
