/**
 * The engine of an app that has none: what `soulmirror/register` finds, and the HTTP calls that the
 * app makes, go to the daemon.
 *
 * D1. Where the app has an engine of its own, now or later, there is none of ours: what is measured
 *     is the app's affair then, and nothing is counted twice. Its engines hear the findings.
 */
import { createEngine } from "./create-engine.ts";
import { watchHttpClients } from "./integrations/index.ts";
import { areFindingsHeard, onNextEngine } from "./silent/index.ts";

/** Throws what `createEngine` throws, and TypeError for an address that is none. */
export function tellDaemon(endpoint: string): void {
  if (areFindingsHeard()) return;
  const { host } = new URL(endpoint);
  const engine = createEngine();
  const isOurs = (each: string): boolean => each === host;
  const stop = engine.settings.switches.engine
    ? watchHttpClients(engine, { ignore: isOurs })
    : (): void => {};
  onNextEngine(() => {
    stop();
    engine.close().catch(() => {});
  });
}
