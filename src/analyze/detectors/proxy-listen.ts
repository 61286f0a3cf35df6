/**
 * The front proxy cannot listen on the address of a service: nobody reaches that service, however
 * well its instances are. Mostly a stranger has the port, and is named; else the kernel's own word
 * says what is wrong with the address. Each address that it cannot have is named; it is over when
 * the proxy listens everywhere.
 */
import type { PortHeldReading } from "../../model/index.ts";
import type { Detector, Opinion } from "../detector.ts";

const good: Opinion = { kind: "good", types: ["proxy_listen"] };

function sentenceOf(reading: PortHeldReading): string {
  return `${beginFor(reading.service ?? "a service")}${why(reading)}`;
}

/** What such a reason says of the address of that service. */
export function cannotListenFor(service: string, reason: string): string | undefined {
  const begin = beginFor(service);
  return reason.split(/; (?=the proxy cannot)/).find((sentence) => sentence.startsWith(begin));
}

function beginFor(service: string): string {
  return `the proxy cannot listen for ${service}: `;
}

export function proxyListenDetector(): Detector<null> {
  return {
    name: "proxy-listen",
    sensors: ["proxy"],
    outlivesProcess: true,
    initial: () => null,
    judge(_state, { reading }) {
      if (reading.kind === "check") return reading.ok ? good : undefined;
      if (reading.kind !== "port-held") return undefined;
      const reason = [reading, ...(reading.others ?? [])].map(sentenceOf).join("; ");
      return { kind: "bad", type: "proxy_listen", severity: "critical", reason };
    },
  };
}

function why({ port, holder, error }: PortHeldReading): string {
  if (holder) return `port ${port} is held by pid ${holder.pid} (${holder.command})`;
  const isHeld = error === undefined || error.includes("EADDRINUSE");
  return isHeld
    ? `port ${port} is held by a process that cannot be seen from here`
    : `port ${port} is refused with ${error}`;
}
