/**
 * A fleet file says which commands run as whom. When root runs them, nobody else may have a say:
 * neither in the file, nor in its folder, where it could be replaced.
 */
import { realpathSync, type Stats, statSync } from "node:fs";
import { dirname } from "node:path";

const othersMayWrite = 0o002;
const groupMayWrite = 0o020;

export interface Distrust {
  /** Which path, why, and its mode. */
  readonly what: string;
  /** The command that mends it. */
  readonly fix: string;
}

/** Why root must not follow what `path` says; undefined: it may, or we are not root. */
export function untrustedFile(
  path: string,
  userId: number = process.getuid?.() ?? 0,
): Distrust | undefined {
  if (userId !== 0) return undefined;
  // What a link points to decides, and so does the folder of the link itself.
  const real = realpathSync(path);
  for (const each of new Set([real, dirname(real), dirname(path)])) {
    const trouble = troubleWith(statSync(each));
    if (trouble === undefined) continue;
    const what = `${each} ${trouble.what}; root does not run it`;
    return { what, fix: `${trouble.fix} ${each}` };
  }
  return undefined;
}

function troubleWith(stat: Stats): { what: string; fix: string } | undefined {
  const mode = `mode ${(stat.mode & 0o7777).toString(8).padStart(4, "0")}`;
  if ((stat.mode & othersMayWrite) !== 0) {
    return { what: `may be written by everybody (${mode})`, fix: "chmod go-w" };
  }
  if ((stat.mode & groupMayWrite) !== 0 && stat.gid !== 0) {
    return { what: `may be written by group ${stat.gid} (${mode})`, fix: "chmod g-w" };
  }
  if (stat.uid !== 0 && stat.uid !== sudoUser()) {
    return { what: `belongs to user ${stat.uid} (${mode})`, fix: "chown root" };
  }
  return undefined;
}

/** Who types `sudo soulmirror up` means a file of their own. */
function sudoUser(): number | undefined {
  const text = process.env["SUDO_UID"];
  return text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);
}
