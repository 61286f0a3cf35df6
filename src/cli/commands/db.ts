/** The format of the store: shown, brought up to this version's, or taken back to an older one. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { SoulMirrorError } from "../../kernel/index.ts";
import { type StoreFormat, sqliteFormat } from "../../platform/index.ts";
import { acquireLock, ownSparePath } from "../../system/index.ts";
import type { Run } from "../command.ts";

export const db: Run = async ({ args, options, place, out }) => {
  const [what = "status"] = args;
  const { dataPath } = place;
  const path = join(dataPath, "soulmirror.db");
  if (!existsSync(path)) {
    throw new SoulMirrorError("NOT_FOUND", `there is no store ${path}`, {
      fix: "name the data directory with --data DIR; `soulmirror up` makes a new one",
    });
  }
  const before = await sqliteFormat(path);
  const to = options.count("to");
  const target = what === "up" ? (to ?? before.latest) : (to ?? before.version - 1);
  const after = what === "status" ? before : await move({ dataPath, path, what, before, target });
  out.show({ ...after, path }, () => tell(what, before, after));
  return 0;
};

interface Move {
  readonly dataPath: string;
  readonly path: string;
  readonly what: string;
  readonly before: StoreFormat;
  readonly target: number;
}

/** Only while no daemon uses it: the lock of the data directory is held meanwhile. */
async function move({ dataPath, path, what, before, target }: Move): Promise<StoreFormat> {
  const isPossible =
    what === "up"
      ? target >= before.version && target <= before.latest
      : target >= 0 && target <= before.version;
  if (!isPossible) {
    const message = `the format cannot go ${what} from ${before.version} to ${target}`;
    throw new SoulMirrorError("BAD_REQUEST", message, {
      fix: `formats go from 0 to ${before.latest}; \`soulmirror db status\` shows the present one`,
    });
  }
  const lock = acquireLock(join(dataPath, "lock"), ownSparePath(dataPath, "lock"));
  try {
    return await sqliteFormat(path, target);
  } finally {
    lock.release();
  }
}

function tell(what: string, before: StoreFormat, after: StoreFormat): string {
  const { version, latest } = after;
  const rest = version === latest ? "the latest" : `${latest} is the latest`;
  if (what === "status") return `The store has format ${version}, ${rest}.`;
  if (before.version === version) return `The store had format ${version} already.`;
  const hint = version < latest ? " No row is lost: `soulmirror db up` brings all back." : "";
  return `The store went from format ${before.version} to ${version}, ${rest}.${hint}`;
}
