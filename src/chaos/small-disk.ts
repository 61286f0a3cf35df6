/**
 * A small file system in memory, to be filled: only for a drill of its own, and only for root. It
 * goes with the drill, also with one that is killed.
 */
import { mkdir } from "node:fs/promises";
import { armUndo } from "./arm-undo.ts";
import { runToEnd } from "./start-process.ts";

export interface SmallDisk {
  readonly path: string;
  unmount(): Promise<void>;
}

const limitMs = 5000;
/** Far longer than any drill takes. */
const undoAfterMs = 86_400_000;

/** Undefined where file systems may not be mounted. */
export async function mountSmallDisk(
  path: string,
  sizeBytes: number,
): Promise<SmallDisk | undefined> {
  await mkdir(path, { recursive: true });
  const disarm = await armUndo({ steps: [{ kind: "unmount", path }], afterMs: undoAfterMs });
  const options = `size=${sizeBytes},mode=0700`;
  const { code } = await runToEnd(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], {
    limitMs,
  });
  if (code !== 0) {
    await disarm();
    return undefined;
  }
  return {
    path,
    async unmount() {
      await runToEnd(["umount", "--lazy", path], { limitMs });
      await disarm();
    },
  };
}
