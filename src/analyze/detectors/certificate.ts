/** A certificate that ends within the declared days: time to renew, before anybody is refused. */
import type { Detector, Opinion } from "../detector.ts";

const good: Opinion = { kind: "good", types: ["certificate_expiry"] };

export function certificateDetector(options: { daysMin: number }): Detector<null> {
  return {
    name: "certificate",
    sensors: "all",
    outlivesProcess: true,
    initial: () => null,
    judge(_state, { reading }) {
      if (reading.kind !== "samples") return undefined;
      const sample = reading.samples.find(({ series }) => series === "certificate.days");
      if (sample === undefined) return undefined;
      const { value: days, limit = options.daysMin } = sample;
      if (days >= limit) return good;
      const left = days < 0 ? "has expired" : `ends in ${Math.floor(days)} days`;
      const severity = days < 1 ? "critical" : "medium";
      return {
        kind: "bad",
        type: "certificate_expiry",
        severity,
        reason: `the certificate ${left}`,
      };
    },
  };
}
