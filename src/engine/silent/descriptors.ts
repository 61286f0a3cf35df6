/** The open descriptors of this process by kind, as /proc shows them; nothing without /proc. */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import path from "node:path";

export type DescriptorKind = "file" | "socket" | "pipe" | "other";

export interface Descriptors {
  readonly counts: Readonly<Record<DescriptorKind, number>>;
  /** The folder in which most of the open files lie. */
  readonly folder: string | undefined;
}

const folderOfDescriptors = "/proc/self/fd";
/** Of more than this, every second, third ... is looked at. */
const lookedMax = 2048;

export function countDescriptors(): number | undefined {
  return list()?.length;
}

export function descriptorsByKind(): Descriptors | undefined {
  const names = list();
  if (names === undefined) return undefined;
  const stride = Math.max(1, Math.ceil(names.length / lookedMax));
  const counts = { file: 0, socket: 0, pipe: 0, other: 0 };
  const folders = new Map<string, number>();
  for (let index = 0; index < names.length; index += stride) {
    const target = targetOf(names[index] as string);
    if (target === undefined) continue;
    const kind = kindOf(target);
    counts[kind] += stride;
    if (kind !== "file") continue;
    const folder = path.dirname(target);
    folders.set(folder, (folders.get(folder) ?? 0) + 1);
  }
  const [busiest] = [...folders].toSorted((a, b) => b[1] - a[1]);
  return { counts, folder: busiest?.[0] };
}

/** The soft limit on open files; node raises it to the hard one at its start. */
export function descriptorLimit(): number {
  try {
    const limit = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
    return Number(limit?.[1] ?? Number.POSITIVE_INFINITY);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

function list(): readonly string[] | undefined {
  try {
    return readdirSync(folderOfDescriptors);
  } catch {
    return undefined;
  }
}

function targetOf(name: string): string | undefined {
  try {
    return readlinkSync(`${folderOfDescriptors}/${name}`);
  } catch {
    // Closed meanwhile, as is the one that the list was read through.
    return undefined;
  }
}

function kindOf(target: string): DescriptorKind {
  if (target.startsWith("socket:")) return "socket";
  if (target.startsWith("pipe:")) return "pipe";
  return target.startsWith("/") && !target.startsWith("/dev/") ? "file" : "other";
}
