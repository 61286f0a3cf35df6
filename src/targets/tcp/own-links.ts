/**
 * Is this machine cut off by itself? Told from what the kernel knows of its own links, without a
 * packet: no interface that is up, no route, or a gateway that no longer answers on the wire.
 *
 * That a network is down farther away cannot be seen here; for that there are references.
 */
import { readdirSync } from "node:fs";
import { endianness } from "node:os";
import { join } from "node:path";
import { readKernelFile } from "../host/kernel-figures.ts";

export interface KernelRoots {
  /** Where /proc/net is. */
  readonly procNet: string;
  /** Where /sys/class/net is. */
  readonly sysNet: string;
}

const kernelRoots: KernelRoots = { procNet: "/proc/net", sysNet: "/sys/class/net" };

/** Undefined: as far as can be seen it is not. Continues "this machine is cut off: ...". */
export function whyCutOff({ procNet, sysNet }: KernelRoots = kernelRoots): string | undefined {
  const links = linksIn(sysNet);
  if (links === undefined) return undefined;
  if (!links.some(({ isUp }) => isUp)) {
    const names = links.map(({ name }) => name).join(", ") || "it has none";
    return `no network interface is up (${names})`;
  }
  const routes = routesIn(readKernelFile(join(procNet, "route")));
  const wide = hasWideRoute(readKernelFile(join(procNet, "ipv6_route")));
  if (routes.length === 0 && !wide) return "there is no route to any other machine";
  const gateways = routes.flatMap(({ gateway }) => gateway ?? []);
  const silent = gateways.filter((gateway) => isSilent(gateway, join(procNet, "arp")));
  if (wide || silent.length === 0 || silent.length < gateways.length) return undefined;
  return `the gateway ${silent.join(", ")} does not answer`;
}

interface Link {
  readonly name: string;
  readonly isUp: boolean;
}

/** Without loopback. A tunnel's state is often `unknown`, and it works. */
function linksIn(sysNet: string): readonly Link[] | undefined {
  try {
    return readdirSync(sysNet)
      .filter((name) => name !== "lo" && name !== "bonding_masters")
      .map((name) => {
        const state = readKernelFile(join(sysNet, name, "operstate")).trim();
        return { name, isUp: state === "up" || state === "unknown" };
      });
  } catch {
    return undefined;
  }
}

interface Route {
  /** Of a default route. */
  readonly gateway: string | undefined;
}

function routesIn(table: string): readonly Route[] {
  return rowsOf(table).flatMap(([link = "lo", destination = "", gateway = ""]) => {
    if (link === "lo") return [];
    const isDefault = /^0+$/.test(destination) && !/^0+$/.test(gateway);
    return [{ gateway: isDefault ? addressIn(gateway) : undefined }];
  });
}

/** The kernel writes an address as a number of its own byte order. */
function addressIn(hex: string): string {
  const bytes = [...Buffer.from(hex, "hex")];
  return (endianness() === "LE" ? bytes.toReversed() : bytes).join(".");
}

/** A way beyond the neighbours, over IPv6. */
function hasWideRoute(table: string): boolean {
  return table.split("\n").some((line) => {
    const words = line.trim().split(/\s+/);
    const [destination = ""] = words;
    return words.length >= 10 && words.at(-1) !== "lo" && !/^(?:fe8|ff)/.test(destination);
  });
}

/** The kernel has asked for its hardware address, in vain. */
function isSilent(gateway: string, path: string): boolean {
  const known = rowsOf(readKernelFile(path)).filter(([address]) => address === gateway);
  return known.length > 0 && known.every(([, , flags]) => Number(flags) === 0);
}

/** Without the line of headings. */
function rowsOf(table: string): readonly (readonly string[])[] {
  const lines = table.split("\n").slice(1);
  return lines.map((line) => line.trim().split(/\s+/)).filter(([first]) => first !== "");
}
