import type { Run } from "../command.ts";
import { withDaemon } from "../with-daemon.ts";

export const dismiss: Run = async (context) => {
  const [id = ""] = context.args;
  const path = `/api/v1/actions/${encodeURIComponent(id)}/dismiss`;
  await withDaemon(context, (client) => client.post(path));
  context.out.show({ accepted: true, action: id }, () => `Action ${id} is dismissed.`);
  return 0;
};
