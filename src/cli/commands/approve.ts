import type { Run } from "../command.ts";
import { withDaemon } from "../with-daemon.ts";

export const approve: Run = async (context) => {
  const [id = ""] = context.args;
  const path = `/api/v1/actions/${encodeURIComponent(id)}/approve`;
  await withDaemon(context, (client) => client.post(path));
  context.out.show({ accepted: true, action: id }, () => `Action ${id} is approved.`);
  return 0;
};
