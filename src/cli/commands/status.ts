import { realClock } from "../../system/index.ts";
import type { Run } from "../command.ts";
import { DaemonClient } from "../daemon-client.ts";
import { askForReport, isAllWell } from "../fleet-report.ts";
import { renderReport } from "../render-report.ts";

export const status: Run = async ({ place, options, out }) => {
  const client = DaemonClient.at(place);
  try {
    const report = await askForReport(client);
    const { wallMs: nowMs } = realClock.now();
    out.show(report, (style) => renderReport(report, { style, nowMs }));
    return options.has("check") && !isAllWell(report) ? 1 : 0;
  } finally {
    client.close();
  }
};
