/** The one table of procedures. A new one is a line here: REST, OpenAPI and tRPC follow. */
import * as action from "./action.ts";
import * as config from "./config.ts";
import * as engine from "./engine.ts";
import * as failure from "./failure.ts";
import * as health from "./health.ts";
import * as incident from "./incident.ts";
import * as journal from "./journal.ts";
import * as measurement from "./measurement.ts";
import * as mode from "./mode.ts";
import * as overview from "./overview.ts";
import * as report from "./report.ts";
import * as resource from "./resource.ts";
import * as service from "./service.ts";

export const procedures = {
  ...overview,
  ...health,
  ...engine,
  ...service,
  ...resource,
  ...incident,
  ...failure,
  ...action,
  ...mode,
  ...journal,
  ...measurement,
  ...report,
  ...config,
};

export type Procedures = typeof procedures;
