/** Keep-alive clients that send GET requests one after another, and count what did not go well. */
import { Agent } from "node:http";
import { setTimeout as pause } from "node:timers/promises";
import { ask } from "./ask.ts";

export interface LoadFigures {
  readonly requests: number;
  readonly failed: number;
}

export interface RunningLoad {
  figures(): LoadFigures;
  stop(): Promise<LoadFigures>;
}

export interface LoadOptions {
  readonly ports: readonly number[];
  readonly clients: number;
  readonly pauseMs: number;
  readonly timeoutMs?: number;
}

export function startGetLoad(options: LoadOptions): RunningLoad {
  const { ports, clients, pauseMs, timeoutMs = 2000 } = options;
  const agent = new Agent({ keepAlive: true, maxSockets: clients });
  let requests = 0;
  let failed = 0;
  const over = new AbortController();
  const client = async (number: number): Promise<void> => {
    for (let turn = number; !over.signal.aborted; turn += 1) {
      const url = `http://127.0.0.1:${ports[turn % ports.length]}/`;
      const answer = await ask(url, { agent, timeoutMs });
      requests += 1;
      if (answer?.status !== 200) failed += 1;
      await pause(pauseMs);
    }
  };
  const running = Array.from({ length: clients }, (_, number) => client(number));
  const figures = (): LoadFigures => ({ requests, failed });
  return {
    figures,
    async stop() {
      over.abort();
      await Promise.all(running);
      agent.destroy();
      return figures();
    },
  };
}
