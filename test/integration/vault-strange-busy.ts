/**
 * Does what is hard on others below a folder, until it is killed: `node vault-strange-busy.ts WAY
 * FOLDER OUTSIDE`. Way `change`: files grow, shrink, vanish and come back. Way `swap`: a folder is
 * taken away, and a link that leads outside stands in its place.
 */
import {
  appendFileSync,
  mkdirSync,
  readlinkSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";

const [way = "", folder = "", outside = ""] = process.argv.slice(2);

function change(round: number): void {
  const path = (number: number): string => join(folder, `busy-${number % 12}`);
  writeFileSync(path(round), Buffer.alloc(300_000, round));
  appendFileSync(path(round + 3), Buffer.alloc(50_000, round));
  truncateSync(path(round), 1000);
  rmSync(path(round + 6), { force: true });
}

function swap(): void {
  const aside = `${folder}-aside`;
  try {
    renameSync(folder, aside);
    symlinkSync(outside, folder);
    rmSync(folder);
    renameSync(aside, folder);
  } catch {
    // Somebody made a folder in between: the next round begins with it.
    if (isLink(folder)) rmSync(folder);
    rmSync(aside, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
}

function isLink(path: string): boolean {
  try {
    return readlinkSync(path) !== "";
  } catch {
    return false;
  }
}

mkdirSync(folder, { recursive: true });
process.stdout.write("busy\n");
for (let round = 0; ; round += 1) {
  if (way === "change") change(round);
  else swap();
}
