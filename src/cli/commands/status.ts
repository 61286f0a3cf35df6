import { formatDuration } from "../../kernel/index.ts";
import { realClock } from "../../system/index.ts";
import type { Context, Run } from "../command.ts";
import type { DaemonClient } from "../daemon-client.ts";
import { askForFileTrouble, askForReport, isAllWell } from "../fleet-report.ts";
import { askForLink } from "../page-link.ts";
import { renderReport } from "../render-report.ts";
import { withDaemon } from "../with-daemon.ts";

export const status: Run = (context) =>
  withDaemon(context, async (client) => {
    const { options, out } = context;
    if (options.has("link")) return await showLink(context, client);
    const [seen, fileTrouble] = await Promise.all([
      askForReport(client),
      askForFileTrouble(client),
    ]);
    const report = fileTrouble === undefined ? seen : { ...seen, fileTrouble };
    const { wallMs: nowMs } = realClock.now();
    out.show(report, (style) => renderReport(report, { style, nowMs }));
    return options.has("check") && !isAllWell(report) ? 1 : 0;
  });

/** Nothing but the link is the result, so that it can be handed to a browser. */
async function showLink({ out }: Context, client: DaemonClient): Promise<number> {
  const link = await askForLink(client);
  out.show(link, () => link.url);
  if (!out.isJson) {
    out.note(`It opens the page once, within ${formatDuration(link.expiresInMs)}.`);
  }
  return 0;
}
