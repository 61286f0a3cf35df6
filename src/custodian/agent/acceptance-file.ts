/** What people said may go, kept across restarts. */
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { realClock, writeDurably } from "../../system/index.ts";
import {
  type Acceptances,
  accept,
  acceptancesOfText,
  isAccepted,
  noAcceptances,
  type RawPath,
  textOfAcceptances,
} from "../../vault/index.ts";

const fileName = "acceptances.json";

export class AcceptanceFile {
  readonly #path: string;
  #acceptances: Acceptances = noAcceptances;

  constructor(folder: string) {
    this.#path = join(folder, fileName);
    if (!existsSync(this.#path)) return;
    const read = acceptancesOfText(readFileSync(this.#path, "utf8"));
    // What cannot be read holds nothing: then somebody is asked, or a loss is healed.
    if (read.ok) this.#acceptances = read.value;
  }

  holds(path: RawPath): boolean {
    return isAccepted(this.#acceptances, path, realClock.now().wallMs);
  }

  /** @throws SoulMirrorError OPTIONS_INVALID for too long a time, or one too many */
  async add(path: RawPath, forMs: number | undefined): Promise<void> {
    const nowMs = realClock.now().wallMs;
    const next = accept(this.#acceptances, {
      path,
      nowMs,
      ...(forMs === undefined ? {} : { forMs }),
    });
    if (!next.ok) throw new SoulMirrorError("OPTIONS_INVALID", next.error);
    await writeDurably(this.#path, textOfAcceptances(next.value));
    this.#acceptances = next.value;
  }
}
