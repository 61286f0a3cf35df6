/**
 * D1: the small disk with trust-engine's ledger fills up with files of the kind that the fleet
 * file declares to be cleaned away. Partly silent: reads go on. Seen: the full disk, or the write
 * that the health check tries. Healed: by cleaning the declared paths. Not lost: an acknowledged
 * score; what could not be written was not acknowledged. Only on a disk that the drill has made
 * for this.
 */
import { closeSync, openSync, utimesSync, writeSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import type { Fault, Scene } from "../fault.ts";
import { Refusal } from "../refusal.ts";
import { strike } from "../strike.ts";

export const diskFull: Fault = {
  id: "D1",
  title: "disk full",
  silent: true,
  control: false,
  strikes: "trust-engine",
  diagnosis: ["disk_exhaustion", "check_failed"],
  healedBy: ["clean"],
  healWithinMs: 30_000,
  async unavailable(scene) {
    try {
      fillerPath(scene, this.strikes, scene.clock.now().wallMs);
      return undefined;
    } catch (error) {
      if (error instanceof Refusal) return error.message;
      throw error;
    }
  },
  async inject(scene) {
    const { wallMs } = scene.clock.now();
    const { path, modifiedAt } = fillerPath(scene, this.strikes, wallMs);
    return strike(scene, {
      undo: [{ kind: "remove", path }],
      land() {
        const sizeBytes = fill(path);
        utimesSync(path, modifiedAt, modifiedAt);
        return `${sizeBytes} bytes in ${path}: the disk is full`;
      },
    });
  },
};

/** A file that the first declared clean rule matches, on the small disk of the drill. */
function fillerPath(
  scene: Scene,
  service: string,
  wallMs: number,
): { readonly path: string; readonly modifiedAt: Date } {
  const spec = scene.fleet.services[service];
  const [rule] = spec?.hooks.clean ?? [];
  if (scene.smallDisk === undefined) {
    throw new Refusal(scene.notOwn ?? "no small disk can be mounted: that needs root");
  }
  if (spec === undefined || rule === undefined)
    throw new Refusal(`${service} declares no \`clean\``);
  const root = resolve(spec.cwd, rule.root);
  if (!`${root}${sep}`.startsWith(`${resolve(scene.smallDisk)}${sep}`)) {
    throw new Refusal(`${root} is not on the small disk`);
  }
  const name = rule.pattern.replaceAll("**/", "").replaceAll("*", "drill");
  return { path: join(root, name), modifiedAt: new Date(wallMs - rule.olderThanMs - 60_000) };
}

/** Writes until nothing more fits, not even a page. */
function fill(path: string): number {
  const file = openSync(path, "wx", 0o600);
  let sizeBytes = 0;
  try {
    for (let piece = Buffer.alloc(256 * 1024, 1); piece.length >= 512; ) {
      try {
        sizeBytes += writeSync(file, piece);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
        piece = piece.subarray(0, piece.length / 2);
      }
    }
  } finally {
    closeSync(file);
  }
  return sizeBytes;
}
