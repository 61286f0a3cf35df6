import type { Context } from "./command.ts";
import { DaemonClient } from "./daemon-client.ts";

/** Runs `work` with a client of the daemon, and lets go of the connection afterwards. */
export async function withDaemon<T>(
  { place }: Context,
  work: (client: DaemonClient) => Promise<T>,
): Promise<T> {
  const client = DaemonClient.at(place);
  try {
    return await work(client);
  } finally {
    client.close();
  }
}
