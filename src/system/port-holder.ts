/**
 * Who listens on a port, or on a unix socket? The kernel lists listening sockets by inode, and
 * every process lists its descriptors; the pair names the holder. Other people's processes can only
 * be seen by root.
 *
 * The walk through all descriptors costs milliseconds, and a held port is asked for again and
 * again: the last answers are kept by inode, which is never given away while the socket lives.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import type { PortHolder, ProcessIdentity } from "../model/index.ts";
import { commandLine, listProcesses, processIdentity } from "./proc.ts";

interface Known {
  readonly pid: number;
  readonly startTicks: number;
  readonly descriptor: string;
}

const knownMax = 64;
const known = new Map<string, Known>();

/** Null when nobody listens there, or when the holder is not ours to see. */
export function portHolder(host: string, port: number): PortHolder | null {
  const inodes = listeningInodes(host, port);
  if (inodes.size === 0) return null;
  const pid = rememberedPid(inodes) ?? findPid(inodes);
  return pid === undefined ? null : { pid, command: commandLine(pid) };
}

/** Who listens on a unix socket with that absolute path; undefined: nobody whom we can see. */
export function socketHolder(path: string): ProcessIdentity | undefined {
  const inodes = new Set<string>();
  for (const line of lines("/proc/net/unix")) {
    // Num RefCount Protocol Flags Type St Inode Path: the path may have blanks.
    const found = /^\S+ \S+ \S+ (\S+) \S+ \S+ +(\d+) (.*)$/.exec(line);
    if (found?.[1] === acceptsConnections && found[3] === path) inodes.add(found[2] ?? "");
  }
  const pid = inodes.size === 0 ? undefined : findPid(inodes);
  return pid === undefined ? undefined : processIdentity(pid);
}

const acceptsConnections = "00010000";

function listeningInodes(host: string, port: number): ReadonlySet<string> {
  // Whoever wants all addresses is in the way of whoever has one.
  const isAny = host === "0.0.0.0" || host === "::";
  const wanted = new Set([...anyAddress, ...addressesOf(host)]);
  const inodes = new Set<string>();
  const portText = port.toString(16).toUpperCase().padStart(4, "0");
  for (const path of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of lines(path)) {
      const fields = line.trim().split(/\s+/);
      const [address = "", linePort] = (fields[1] ?? "").split(":");
      if (linePort !== portText || fields[3] !== "0A") continue;
      if (!isAny && !wanted.has(address)) continue;
      inodes.add(fields[9] ?? "");
    }
  }
  return inodes;
}

const anyAddress = ["00000000", "0".repeat(32)];
const loopback6 = "00000000000000000000000001000000";

/** As the kernel writes them: each 32-bit word in the byte order of the machine (little). */
function addressesOf(host: string): readonly string[] {
  if (host === "::1") return [loopback6];
  const dotted = host === "localhost" ? "127.0.0.1" : host;
  const bytes = dotted.split(".").map(Number);
  if (bytes.length !== 4) return [];
  const word = bytes
    .toReversed()
    .map((byte) => byte.toString(16).toUpperCase().padStart(2, "0"))
    .join("");
  const mapped = `0000000000000000FFFF0000${word}`;
  return host === "localhost" ? [word, mapped, loopback6] : [word, mapped];
}

function rememberedPid(inodes: ReadonlySet<string>): number | undefined {
  for (const inode of inodes) {
    const holder = known.get(inode);
    if (holder === undefined) continue;
    if (processIdentity(holder.pid)?.startTicks !== holder.startTicks) continue;
    if (linkOf(holder.pid, holder.descriptor) === `socket:[${inode}]`) return holder.pid;
  }
  return undefined;
}

function findPid(inodes: ReadonlySet<string>): number | undefined {
  for (const { pid, startTicks } of listProcesses()) {
    for (const descriptor of entries(`/proc/${pid}/fd`)) {
      const inode = /^socket:\[(\d+)\]$/.exec(linkOf(pid, descriptor))?.[1];
      if (inode === undefined || !inodes.has(inode)) continue;
      if (known.size >= knownMax) known.clear();
      known.set(inode, { pid, startTicks, descriptor });
      return pid;
    }
  }
  return undefined;
}

function linkOf(pid: number, descriptor: string): string {
  try {
    return readlinkSync(`/proc/${pid}/fd/${descriptor}`);
  } catch {
    // Closed in the meantime, or somebody else's.
    return "";
  }
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Gone, or somebody else's.
    return [];
  }
}

function lines(path: string): readonly string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(1);
  } catch {
    // A kernel without this address family.
    return [];
  }
}
