import type { Run } from "../command.ts";
import type { ActionUnderWay } from "../fleet-report.ts";
import { tellSteps } from "../tell-steps.ts";
import { withDaemon } from "../with-daemon.ts";

export const approve: Run = async (context) => {
  const [id = ""] = context.args;
  const approved = await withDaemon(context, async (client) => {
    const actions = await client.get<readonly ActionUnderWay[]>("/api/v1/actions/under-way");
    await client.post(`/api/v1/actions/${encodeURIComponent(id)}/approve`);
    return actions.find((action) => action.id === id);
  });
  const { steps = [], preview = [] } = approved ?? {};
  context.out.show({ accepted: true, action: id, steps, preview }, () =>
    [`Action ${id} is approved.`, ...(approved ? tellSteps(approved) : [])].join("\n"),
  );
  return 0;
};
