/** What every effector of this folder works with. */
import type { ServiceSpec } from "../../config/index.ts";
import type { Clock, JsonRecord, Timers } from "../../kernel/index.ts";
import type { Report, ResourceId } from "../../model/index.ts";
import type { Cgroups } from "./cgroups.ts";
import type { ProcessTable } from "./process-table.ts";
import type { Routes } from "./routes.ts";
import type { ServiceLog } from "./service-log.ts";
import type { Spares } from "./spares.ts";

/** One line of the daemon's own log. */
export type Note = (event: string, details: JsonRecord) => void;

export interface ProcessContext {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly report: Report;
  readonly note: Note;
  readonly specOf: (hash: string) => ServiceSpec | undefined;
  readonly table: ProcessTable;
  readonly routes: Routes;
  readonly cgroups: Cgroups;
  /** Set apart what several daemons put into one place. */
  readonly groupPrefix: string;
  /** The environment that services inherit, without what is the daemon's own. */
  readonly inherited: () => Readonly<Record<string, string>>;
  /** What the daemon adds for one instance (endpoint, scoped token). */
  readonly environmentOf: (resource: ResourceId) => Readonly<Record<string, string>>;
  /** Runs once after the delay, unless the target was closed before. */
  readonly later: (delayMs: number, run: () => void) => void;
  readonly spares: Spares;
  readonly logOf: (resource: ResourceId) => ServiceLog;
  /** Ports that were handed out and may not be listened on yet. */
  readonly promisedPorts: Map<number, number>;
}
