/**
 * P13: mobile-converter answers 503 to everything and does not react to SIGTERM. Not silent. Seen:
 * failing checks. Healed: a restart that asks, waits its grace and then kills the whole group. Not
 * lost: exports, which go on where they were.
 */
import type { Fault } from "../fault.ts";
import { leaveCode } from "../leave-code.ts";

export const deafToSigterm: Fault = {
  id: "P13",
  title: "SIGTERM ignored on restart",
  silent: false,
  control: false,
  strikes: "mobile-converter",
  diagnosis: ["check_failed"],
  healedBy: ["drain_restart", "restart"],
  healWithinMs: 40_000,
  inject: (scene) =>
    leaveCode(scene, {
      service: "mobile-converter",
      what: "only 503, and deaf to SIGTERM,",
      code: `
        process.removeAllListeners("SIGTERM");
        process.on("SIGTERM", () => {});
        const server = process._getActiveHandles().find((handle) => handle.listening);
        server.removeAllListeners("request");
        server.on("request", (request, response) => response.writeHead(503).end());`,
    }),
};
