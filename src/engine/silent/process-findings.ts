/**
 * Findings about the process as a whole. There is one process and one set of watches, and every
 * engine in it tells what they find. They meet on channels of node's own, which copies of the
 * package beside each other share.
 */
import { channel } from "node:diagnostics_channel";
import type { SilentError } from "../events.ts";
import type { Tell } from "./tell.ts";

const findings = channel("soulmirror.finding");
const engines = channel("soulmirror.engine");

export function tellFinding(found: SilentError): void {
  findings.publish(found);
}

/** From now on, until the returned function is called. What `tell` throws would end the process. */
export function hearFindings(tell: Tell): () => void {
  const listener = (found: unknown): void => tell(found as SilentError);
  findings.subscribe(listener);
  engines.publish(undefined);
  return () => {
    findings.unsubscribe(listener);
  };
}

/** Whether anybody hears findings: each engine does until it is closed. */
export function areFindingsHeard(): boolean {
  return findings.hasSubscribers;
}

/** Called once, when the next engine is made. */
export function onNextEngine(act: () => void): void {
  const listener = (): void => {
    engines.unsubscribe(listener);
    act();
  };
  engines.subscribe(listener);
}
