/**
 * Addresses of host names, for connections.
 *
 * `getaddrinfo` blocks a thread of a small pool for as long as a name server is silent, so a few
 * hung names would hold up all others. Here /etc/hosts is read and the name servers are asked
 * directly; the system is asked only for names that those do not know (search domains, mDNS).
 */
import { type LookupOptions, lookup as systemLookup } from "node:dns";
import { Resolver } from "node:dns/promises";
import { readFileSync, statSync } from "node:fs";
import { isIP, type LookupFunction } from "node:net";
import { codeOf } from "./check-reading.ts";

interface Address {
  readonly address: string;
  readonly family: number;
}

type Callback = Parameters<LookupFunction>[2];

/** What `net.connect` and `tls.connect` take as `lookup`. */
export const resolveHost: LookupFunction = (hostname, options, callback) =>
  void answer(hostname, options, callback);

async function answer(hostname: string, options: LookupOptions, callback: Callback): Promise<void> {
  const { family } = options;
  const wanted = family === 4 || family === "IPv4" ? 4 : family === 6 || family === "IPv6" ? 6 : 0;
  let all: readonly Address[];
  try {
    all = await addressesOf(hostname);
  } catch (error) {
    callback(error as NodeJS.ErrnoException, "");
    return;
  }
  const found = all.filter((each) => wanted === 0 || each.family === wanted);
  const [first] = found;
  if (first === undefined) systemLookup(hostname, options, callback);
  else if (options.all === true) callback(null, found);
  else callback(null, first.address, first.family);
}

/** None when the name servers do not know it; rejects when they do not answer. */
async function addressesOf(hostname: string): Promise<readonly Address[]> {
  const family = isIP(hostname);
  if (family !== 0) return [{ address: hostname, family }];
  const known = hostsFile().get(hostname.toLowerCase());
  if (known) return known;
  if (/^(?:.+\.)?localhost\.?$/i.test(hostname)) return [{ address: "127.0.0.1", family: 4 }];
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const [four, six] = await Promise.allSettled([
    resolver.resolve4(hostname),
    resolver.resolve6(hostname),
  ]);
  const found = [
    ...(four.status === "fulfilled" ? four.value : []).map((address) => ({ address, family: 4 })),
    ...(six.status === "fulfilled" ? six.value : []).map((address) => ({ address, family: 6 })),
  ];
  const isUnknown = four.status === "rejected" && !/NOTFOUND|NODATA/.test(codeOf(four.reason));
  if (found.length === 0 && isUnknown) throw four.reason;
  return found;
}

let hosts: ReadonlyMap<string, readonly Address[]> = new Map();
let hostsChangedMs = -1;

function hostsFile(): ReadonlyMap<string, readonly Address[]> {
  try {
    const { mtimeMs } = statSync("/etc/hosts");
    if (mtimeMs !== hostsChangedMs) hosts = parseHosts(readFileSync("/etc/hosts", "utf8"));
    hostsChangedMs = mtimeMs;
  } catch {
    // Then there are the name servers.
    hosts = new Map();
  }
  return hosts;
}

function parseHosts(text: string): ReadonlyMap<string, readonly Address[]> {
  const found = new Map<string, Address[]>();
  for (const line of text.split("\n")) {
    const [address = "", ...names] = line.replace(/#.*/, "").trim().split(/\s+/);
    const family = isIP(address);
    if (family === 0) continue;
    for (const name of names) {
      const key = name.toLowerCase();
      const known = found.get(key);
      if (known) known.push({ address, family });
      else found.set(key, [{ address, family }]);
    }
  }
  return found;
}
