/**
 * Does a name resolve, and to what? Kind `dns`.
 *
 * The name servers are asked directly (not through the system's cache), each look with a resolver
 * of its own, so that a silent server holds up this look and no other.
 */
import { Resolver } from "node:dns/promises";
import { isIP, isIPv4 } from "node:net";
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { AbortSignalLike, Reading, Sensor } from "../../model/index.ts";
import { badCheck, codeOf, goodCheck, inMs, type Trouble, troubleOf } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";

const schema = z.object({
  name: z.string().min(1),
  type: z.enum(["A", "AAAA", "CNAME", "MX", "NS", "PTR", "SOA", "SRV", "TXT"]).default("A"),
  /** Each of these must be among the answers. */
  expect: z.union([z.string().transform((text) => [text]), z.array(z.string())]).default([]),
  /** `address` or `address:port`. */
  server: z
    .string()
    .refine(isServer, { error: "is no address of a name server, with or without a port" })
    .optional(),
});

type Parameters = z.infer<typeof schema>;

const parametersOf = sensorParameters("dns", schema);

export function createDnsSensor({ clock }: { readonly clock: Clock }): Sensor {
  return {
    kind: "dns",
    async read({ spec }, signal): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const begunMs = clock.now().monotonicMs;
      const result = await resolve(given, { signal, timeoutMs: spec.timeoutMs });
      const elapsedMs = clock.now().monotonicMs - begunMs;
      const name = `${given.type} of ${given.name}`;
      const after = inMs(elapsedMs);
      if ("symptom" in result) {
        const reason = `${name}, ${after}: ${result.reason}`;
        return [badCheck(elapsedMs, { symptom: result.symptom, reason })];
      }
      const answers = result.join(", ").slice(0, 200);
      const missing = given.expect.find((wanted) => !result.some(sameAs(wanted)));
      const check =
        missing === undefined
          ? goodCheck(elapsedMs, `${name} is ${answers}, ${after}`)
          : badCheck(elapsedMs, {
              symptom: "content",
              reason: `${name} is ${answers} without the expected ${missing}`,
            });
      return [check];
    },
  };
}

function isServer(text: string): boolean {
  if (isIP(text) !== 0) return true;
  const parts = /^(?:\[(.+)\]|([^:]+)):(\d{1,5})$/.exec(text);
  return parts !== null && isIP(parts[1] ?? parts[2] ?? "") !== 0;
}

/** Names are equal in any case and with or without their last dot. */
function sameAs(wanted: string): (answer: string) => boolean {
  const plain = (text: string): string => text.toLowerCase().replace(/\.$/, "");
  return (answer) => plain(answer) === plain(wanted) || plain(answer).endsWith(` ${plain(wanted)}`);
}

interface Limits {
  readonly signal: AbortSignalLike;
  readonly timeoutMs: number;
}

async function resolve(
  given: Parameters,
  { signal, timeoutMs }: Limits,
): Promise<readonly string[] | Trouble> {
  const silent: Trouble = { symptom: "timeout", reason: "no name server answered in time" };
  if (signal.aborted) return silent;
  // Two tries fit into the time: one lost packet is no failure.
  const resolver = new Resolver({ timeout: Math.max(1, Math.round(timeoutMs / 3)), tries: 2 });
  if (given.server !== undefined) resolver.setServers([given.server]);
  const cancel = (): void => resolver.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    return await ask(resolver, given);
  } catch (error) {
    if (["ECANCELLED", "ETIMEOUT"].includes(codeOf(error))) return silent;
    const trouble = troubleOf(error);
    return trouble.symptom === "refused"
      ? { symptom: "refused", reason: "no name server listens" }
      : trouble;
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

async function ask(resolver: Resolver, { name, type }: Parameters): Promise<readonly string[]> {
  switch (type) {
    case "A":
      return resolver.resolve4(name);
    case "AAAA":
      return resolver.resolve6(name);
    case "CNAME":
      return resolver.resolveCname(name);
    case "NS":
      return resolver.resolveNs(name);
    case "PTR":
      return resolver.resolvePtr(isIPv4(name) ? reverseName(name) : name);
    case "TXT":
      return (await resolver.resolveTxt(name)).map((parts) => parts.join(""));
    case "MX": {
      const found = await resolver.resolveMx(name);
      return found.map(({ priority, exchange }) => `${priority} ${exchange}`);
    }
    case "SRV": {
      const found = await resolver.resolveSrv(name);
      return found.map((each) => `${each.priority} ${each.weight} ${each.name}:${each.port}`);
    }
    case "SOA": {
      const { serial, nsname } = await resolver.resolveSoa(name);
      return [`${serial} ${nsname}`];
    }
  }
}

function reverseName(address: string): string {
  return `${address.split(".").toReversed().join(".")}.in-addr.arpa`;
}
