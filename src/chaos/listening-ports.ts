/**
 * On which TCP ports does this process listen? Its descriptors name sockets, the kernel the ports.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const listening = "0A";

export function listeningPorts(pid: number): ReadonlySet<number> {
  const ports = new Set<number>();
  const own = socketInodes(pid);
  for (const table of ["tcp", "tcp6"]) {
    // The process's own view: it may live in another network namespace.
    for (const line of read(`/proc/${pid}/net/${table}`).split("\n").slice(1)) {
      const fields = line.trim().split(/\s+/);
      if (fields[3] !== listening || !own.has(fields[9] ?? "")) continue;
      ports.add(Number.parseInt(fields[1]?.split(":")[1] ?? "", 16));
    }
  }
  return ports;
}

function socketInodes(pid: number): ReadonlySet<string> {
  const inodes = new Set<string>();
  let descriptors: readonly string[] = [];
  try {
    descriptors = readdirSync(`/proc/${pid}/fd`);
  } catch {
    // Gone, or somebody else's: it has no sockets that we could see.
  }
  for (const descriptor of descriptors) {
    const inode = /^socket:\[(\d+)\]$/.exec(readLink(`/proc/${pid}/fd/${descriptor}`))?.[1];
    if (inode !== undefined) inodes.add(inode);
  }
  return inodes;
}

function readLink(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    // Closed between two looks.
    return "";
  }
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    // No such process, or no such address family.
    return "";
  }
}
