/** Where a service without `listen` will listen, as far as its own file gives it away. */
import type { ProbeSpec, ServiceSpec } from "../../config/index.ts";

export interface Address {
  readonly host: string;
  readonly port: number;
}

const loopback = new Set(["127.0.0.1", "localhost", "::1"]);

export function ownAddresses(spec: ServiceSpec): readonly Address[] {
  if (spec.listen) return [];
  const found = new Map<number, Address>();
  for (const probe of [spec.startup, spec.readiness, spec.liveness]) {
    const address = probe && addressOf(probe);
    if (address && loopback.has(address.host)) found.set(address.port, address);
  }
  const declared = Number(spec.env["PORT"]);
  if (Number.isInteger(declared) && declared > 0 && declared < 65_536 && !found.has(declared)) {
    found.set(declared, { host: "127.0.0.1", port: declared });
  }
  return [...found.values()];
}

function addressOf({ parameters }: ProbeSpec): Address | undefined {
  const { url, host, port } = parameters;
  if (typeof url === "string" && URL.canParse(url)) {
    const parsed = new URL(url);
    const standard = parsed.protocol === "https:" ? 443 : 80;
    const name = parsed.hostname.replace(/^\[|\]$/g, "");
    return { host: name, port: parsed.port === "" ? standard : Number(parsed.port) };
  }
  if (typeof port !== "number") return undefined;
  return { host: typeof host === "string" ? host : "127.0.0.1", port };
}
