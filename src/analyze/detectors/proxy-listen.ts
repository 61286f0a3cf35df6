/**
 * The front proxy cannot listen on the address of a service: nobody reaches that service, however
 * well its instances are. Mostly a stranger has the port, and is named; else the kernel's own word
 * says what is wrong with the address. Each service is a part: an address that is had again is
 * well, whatever becomes of the others.
 */
import type { FailureType, PortHeldReading } from "../../model/index.ts";
import type { Detector } from "../detector.ts";

const types: readonly FailureType[] = ["proxy_listen"];

export function proxyListenDetector(): Detector<null> {
  return {
    name: "proxy-listen",
    sensors: ["proxy"],
    outlivesProcess: true,
    initial: () => null,
    judge(_state, { reading }) {
      if (reading.kind === "check") {
        return reading.listening?.map((part) => ({ kind: "good", types, part }));
      }
      if (reading.kind !== "port-held" || reading.service === undefined) return undefined;
      const part = reading.service;
      const reason = `the proxy cannot listen for ${part}: ${why(reading)}`;
      return { kind: "bad", type: "proxy_listen", part, severity: "critical", reason };
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
