/**
 * What the daemon has said last, on the disk, so that a service that begins while its daemon is
 * away goes by it from its first call on.
 *
 * F1. It lies in a folder that is ours alone (0700), in a file of mode 0600; elsewhere neither
 *     reads nor writes.
 * F2. What is not there, or cannot be understood, is no wish: it is told, and stops nothing.
 */
import { existsSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { messageOf } from "../../kernel/index.ts";
import { privateDirectory, readPlainFile, replaceFile } from "../../system/index.ts";
import { messageCharactersMax, readControl, type Wish, writeWish } from "./control-message.ts";

const nameMax = 200;

export interface WishFileOptions {
  /** `SOULMIRROR_STATE`; one in the temporary folder takes its place when it cannot be used. */
  readonly folder: string | undefined;
  readonly endpoint: string;
  readonly service: string;
  readonly tell: (message: string) => void;
}

export class WishFile {
  readonly #path: string | undefined;
  readonly #tell: (message: string) => void;

  constructor({ folder, endpoint, service, tell }: WishFileOptions) {
    this.#tell = tell;
    const own = folderIn(folder) ?? folderIn(join(tmpdir(), `soulmirror-engine-${userId()}`));
    this.#path = own === undefined ? undefined : join(own, nameFor(endpoint, service));
    if (own === undefined) tell("there is no private folder: what the daemon says is not kept");
  }

  read(): Wish | undefined {
    const path = this.#path;
    if (path === undefined || !existsSync(path)) return undefined;
    try {
      if (statSync(path).size > messageCharactersMax) throw new Error("it is too long");
      const message = readControl(readPlainFile(path));
      if (message.kind === "wish") return message;
      throw new Error("it is no wish");
    } catch (error) {
      this.#tell(`${path} is not gone by: ${messageOf(error)}`);
      return undefined;
    }
  }

  write(wish: Wish): void {
    if (this.#path === undefined) return;
    try {
      replaceFile(this.#path, writeWish(wish));
    } catch (error) {
      this.#tell(`what the daemon says could not be kept: ${messageOf(error)}`);
    }
  }
}

/** Undefined: it cannot be used by us alone. */
function folderIn(path: string | undefined): string | undefined {
  if (path === undefined) return undefined;
  try {
    // Closed to others only where nothing but such files lies in it.
    return privateDirectory(path, (names) => names.every((each) => /^wish(?:-|es\.)/.test(each)));
  } catch {
    // It belongs to another user, or there is no room: the next one is tried.
    return undefined;
  }
}

/** Another daemon of this user may have a service of the same name. */
function nameFor(endpoint: string, service: string): string {
  return `wish-${`${endpoint}-${service}`.replaceAll(/[^\w.-]/g, "_").slice(0, nameMax)}.json`;
}

function userId(): number {
  return process.getuid?.() ?? 0;
}
