/**
 * Is the certificate that a server shows valid, for this name, and for how long? Kind `tls`.
 *
 * The serial is in the reason: a certificate that was renewed on the disk and not loaded shows by
 * its old serial.
 */
import { z } from "zod";
import type { Clock } from "../../kernel/index.ts";
import type { Reading, Sensor } from "../../model/index.ts";
import { certificateSamples, daysLeft } from "../certificate-samples.ts";
import { badCheck, goodCheck, inMs } from "../check-reading.ts";
import { sensorParameters } from "../sensor-parameters.ts";
import { openTls, type ServedCertificate } from "./open-tls.ts";

const schema = z.object({
  host: z.string().min(1),
  port: z.int().min(1).max(65_535).default(443),
  servername: z.string().min(1).optional(),
  days: z.number().nonnegative().optional(),
  /** Certificates of authorities (PEM) to trust instead of the system's. */
  authorities: z.string().optional(),
});

const parametersOf = sensorParameters("tls", schema);

export function createTlsSensor({ clock }: { readonly clock: Clock }): Sensor {
  return {
    kind: "tls",
    async read({ spec }, signal): Promise<readonly Reading[]> {
      const given = parametersOf(spec.parameters);
      const { wallMs, monotonicMs } = clock.now();
      const opening = await openTls(given, signal);
      const elapsedMs = clock.now().monotonicMs - monotonicMs;
      const name = `tls ${given.servername ?? given.host}:${given.port}`;
      if (opening.kind === "aborted") {
        const reason = `${name}: no TLS connection within ${inMs(elapsedMs)}`;
        return [badCheck(elapsedMs, { symptom: "timeout", reason })];
      }
      if (opening.kind === "failed") {
        const { symptom, reason } = opening.trouble;
        return [badCheck(elapsedMs, { symptom, reason: `${name}: ${reason}` })];
      }
      opening.socket.destroy();
      const { certificate, problem } = opening;
      const shown = certificate ? describeCertificate(certificate, wallMs) : "";
      const check =
        problem === undefined
          ? goodCheck(elapsedMs, `${name}: ${shown}`)
          : badCheck(elapsedMs, {
              symptom: "certificate",
              reason: `${name}: the certificate is not valid, ${problem}${shown && `: ${shown}`}`,
            });
      return [check, ...certificateSamples(certificate, { wallMs, daysMin: given.days })];
    },
  };
}

function describeCertificate(certificate: ServedCertificate, wallMs: number): string {
  const { subject, issuer, serial } = certificate;
  const days = Math.floor(daysLeft(certificate, wallMs));
  return `"${subject}" of "${issuer}", serial ${serial}, ${days} days left`;
}
