/** A small file system in memory, to be filled: only for a drill of its own, and only for root. */
import { mkdir } from "node:fs/promises";
import { runToEnd } from "./start-process.ts";

export interface SmallDisk {
  readonly path: string;
  unmount(): Promise<void>;
}

const limitMs = 5000;

/** Undefined where file systems may not be mounted. */
export async function mountSmallDisk(
  path: string,
  sizeBytes: number,
): Promise<SmallDisk | undefined> {
  await mkdir(path, { recursive: true });
  const options = `size=${sizeBytes},mode=0700`;
  const { code } = await runToEnd(["mount", "-t", "tmpfs", "-o", options, "tmpfs", path], {
    limitMs,
  });
  if (code !== 0) return undefined;
  return {
    path,
    unmount: async () => void (await runToEnd(["umount", "--lazy", path], { limitMs })),
  };
}
