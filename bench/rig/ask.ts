/** One GET on loopback: what was answered, or nothing when there was no whole answer in time. */
import { type Agent, request } from "node:http";

export interface Answer {
  readonly status: number;
  readonly body: string;
}

export interface AskOptions {
  readonly timeoutMs?: number;
  /** Without one, every request has a connection of its own. */
  readonly agent?: Agent;
}

export function ask(url: string, options: AskOptions = {}): Promise<Answer | undefined> {
  const { timeoutMs = 1000, agent } = options;
  const signal = AbortSignal.timeout(timeoutMs);
  return new Promise((resolve) => {
    const asking = request(url, { agent: agent ?? false, signal }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (body += chunk));
      response.once("end", () => resolve({ status: response.statusCode ?? 0, body }));
      response.once("error", () => resolve(undefined));
    });
    asking.once("error", () => resolve(undefined));
    asking.end();
  });
}

/** The pid that the app answers with; undefined when it does not answer well. */
export async function pidAt(port: number, options: AskOptions = {}): Promise<number | undefined> {
  const answer = await ask(`http://127.0.0.1:${port}/`, options);
  return answer?.status === 200 ? Number(answer.body) : undefined;
}
