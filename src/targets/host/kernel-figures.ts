/**
 * The figures that the Linux kernel keeps of the whole machine, read from /proc.
 *
 * What a kernel or container does not show (pressure, swap) is left out, never guessed.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";

export interface CpuTimes {
  /** Clock ticks of all processors together. */
  readonly total: number;
  readonly idle: number;
  readonly waiting: number;
  readonly stolen: number;
}

export interface InterfaceCounters {
  readonly name: string;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly errors: number;
  readonly drops: number;
}

export interface KernelFigures {
  readonly cpu?: CpuTimes;
  readonly processors: number;
  readonly memory?: { readonly totalBytes: number; readonly availableBytes: number };
  readonly swap?: { readonly totalBytes: number; readonly freeBytes: number };
  readonly load?: number;
  /** Share of the last 10 s, in percent, by `cpu.some`, `memory.full`, ... */
  readonly pressure: Readonly<Record<string, number>>;
  readonly descriptors?: { readonly allocated: number; readonly max: number };
  readonly interfaces: readonly InterfaceCounters[];
}

const buffer = Buffer.allocUnsafe(256 * 1024);

export function readKernelFigures(procRoot: string): KernelFigures {
  const read = (name: string): string => readKernelFile(join(procRoot, name));
  const stat = read("stat");
  const memory = memoryOf(read("meminfo"));
  const cpu = cpuOf(stat);
  const load = numbersIn(read("loadavg"))[0];
  const [allocated, , max] = numbersIn(read("sys/fs/file-nr"));
  return {
    ...(cpu && { cpu }),
    processors: Math.max(1, stat.match(/^cpu\d+ /gm)?.length ?? 1),
    ...memory,
    ...(load === undefined ? {} : { load }),
    pressure: {
      ...pressureOf("cpu", read("pressure/cpu")),
      ...pressureOf("memory", read("pressure/memory")),
      ...pressureOf("io", read("pressure/io")),
    },
    ...(allocated === undefined || max === undefined ? {} : { descriptors: { allocated, max } }),
    interfaces: interfacesOf(read("net/dev")),
  };
}

/** "" when there is none. These files are made up while they are read, so one read is a moment. */
export function readKernelFile(path: string): string {
  let file: number | undefined;
  try {
    file = openSync(path, "r");
    let length = 0;
    for (let more = 1; more > 0 && length < buffer.length; length += more) {
      more = readSync(file, buffer, length, buffer.length - length, null);
    }
    return buffer.toString("latin1", 0, length);
  } catch {
    // This kernel has none of it, or does not show it to us. (A pressure file that is there may
    // still answer EOPNOTSUPP.)
    return "";
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

function numbersIn(text: string): readonly number[] {
  const words = text.trim().split(/\s+/);
  return words.filter((word) => word !== "").map(Number);
}

function cpuOf(stat: string): CpuTimes | undefined {
  const line = /^cpu +(.*)$/m.exec(stat)?.[1];
  if (line === undefined) return undefined;
  // user nice system idle iowait irq softirq steal; guest time is in user already.
  const ticks = numbersIn(line).slice(0, 8);
  const [idle = 0, waiting = 0] = ticks.slice(3, 5);
  const total = ticks.reduce((sum, value) => sum + value, 0);
  return { total, idle, waiting, stolen: ticks[7] ?? 0 };
}

function memoryOf(meminfo: string): Pick<KernelFigures, "memory" | "swap"> {
  const bytes = (name: string): number | undefined => {
    const found = new RegExp(`^${name}: +(\\d+) kB`, "m").exec(meminfo)?.[1];
    return found === undefined ? undefined : Number(found) * 1024;
  };
  const totalBytes = bytes("MemTotal");
  const availableBytes = bytes("MemAvailable");
  const swapBytes = bytes("SwapTotal") ?? 0;
  return {
    ...(totalBytes && availableBytes !== undefined
      ? { memory: { totalBytes, availableBytes } }
      : {}),
    ...(swapBytes > 0
      ? { swap: { totalBytes: swapBytes, freeBytes: bytes("SwapFree") ?? 0 } }
      : {}),
  };
}

function pressureOf(what: string, text: string): Record<string, number> {
  const found: Record<string, number> = {};
  for (const [, kind = "", avg10 = ""] of text.matchAll(/^(some|full) avg10=([\d.]+)/gm)) {
    found[`${what}.${kind}`] = Number(avg10);
  }
  return found;
}

/** `eth0: bytes packets errs drop fifo frame compressed multicast`, and so for what is sent. */
function interfacesOf(text: string): readonly InterfaceCounters[] {
  return text.split("\n").flatMap((line) => {
    const colon = line.lastIndexOf(":");
    const fields = numbersIn(line.slice(colon + 1));
    if (colon < 0 || fields.length < 12) return [];
    const field = (at: number): number => fields[at] ?? 0;
    return [
      {
        name: line.slice(0, colon).trim(),
        receivedBytes: field(0),
        sentBytes: field(8),
        errors: field(2) + field(10),
        drops: field(3) + field(11),
      },
    ];
  });
}
