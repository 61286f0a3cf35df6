/**
 * All that can be told of the files below a folder, as text that two folders can be compared by.
 */
import { execFileSync } from "node:child_process";
import { createHash } from "node:crypto";
import { type BigIntStats, lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";

export interface PictureOptions {
  /** Names (latin1) that are left out wherever they are. */
  readonly without?: (name: string) => boolean;
}

/**
 * A line for each name: kind and mode, owner, mtime, content or target, and which names are one.
 */
export function pictureOf(root: string, { without = () => false }: PictureOptions = {}): string {
  const lines: string[] = [];
  const firstNames = new Map<bigint, string>();
  const look = (path: string): void => {
    const entries = readdirSync(Buffer.from(`${root}${path}`, "latin1"), { encoding: "buffer" });
    for (const name of entries.map((entry) => entry.toString("latin1")).toSorted()) {
      if (without(name)) continue;
      const full = Buffer.from(`${root}${path}/${name}`, "latin1");
      const stat = lstatSync(full, { bigint: true });
      const first = stat.isDirectory() ? undefined : firstNames.get(stat.ino);
      firstNames.set(stat.ino, `${path}/${name}`);
      const told = first === undefined ? contentOf(full, stat) : `= ${first}`;
      const { gid, mode, mtimeNs, uid } = stat;
      lines.push(`${path}/${name} ${mode.toString(8)} ${uid}:${gid} ${mtimeNs} ${told}`);
      if (stat.isDirectory()) look(`${path}/${name}`);
    }
  };
  look("");
  return `${lines.join("\n")}\n${attributesIn(root)}`;
}

function contentOf(path: Buffer, stat: BigIntStats): string {
  if (stat.isSymbolicLink()) return readlinkSync(path, { encoding: "latin1" });
  if (stat.isFile()) return createHash("sha256").update(readFileSync(path)).digest("hex");
  return stat.isDirectory() ? "" : String(stat.rdev);
}

function attributesIn(root: string): string {
  const all = ["-R", "-P", "-h", "-d", "-m", "-", "-e", "base64", "."];
  return execFileSync("getfattr", all, { cwd: root, encoding: "latin1" })
    .split("\n\n")
    .toSorted()
    .join("\n");
}
