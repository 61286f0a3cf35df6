import type { Reading } from "../model/index.ts";
import type { ServedCertificate } from "./tls/open-tls.ts";

const dayMs = 86_400_000;

export function daysLeft(certificate: ServedCertificate, wallMs: number): number {
  return (certificate.validToMs - wallMs) / dayMs;
}

/** `limit` is the least number of days that was declared for it. */
export function certificateSamples(
  certificate: ServedCertificate | undefined,
  { wallMs, daysMin }: { readonly wallMs: number; readonly daysMin?: number | undefined },
): readonly Reading[] {
  if (certificate === undefined || Number.isNaN(certificate.validToMs)) return [];
  const value = daysLeft(certificate, wallMs);
  const limit = daysMin === undefined ? {} : { limit: daysMin };
  return [
    {
      kind: "samples",
      samples: [{ series: "certificate.days", value, unit: "count", ...limit }],
    },
  ];
}
