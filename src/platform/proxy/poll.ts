/**
 * Asks a joining upstream again and again whether it is there.
 *
 * Knocking at a port where nobody listens costs the kernel next to nothing, so the pause is a
 * thirtieth of the time waited so far, between 2 and 100 ms: a process that starts in 60 ms is
 * found within 2, one that is away for minutes costs ten connections a second. Who accepts is then
 * asked whether it is ready.
 * Both loopback addresses are tried, because "localhost" may mean either to the service.
 */
import { request } from "node:http";
import { connect } from "node:net";

const shortestPauseMs = 2;
const longestPauseMs = 100;
const shareOfWait = 1 / 30;
const answerLimitMs = 2000;
export const loopbackAddresses = ["127.0.0.1", "::1"] as const;

export interface PollOptions {
  readonly port: number;
  readonly readyPath: string | undefined;
  readonly onReady: (address: string) => void;
}

/** Starts polling; the result ends it. */
export function pollUntilReady(options: PollOptions): () => void {
  let pausedMs = 0;
  let stopped = false;
  let timer: NodeJS.Timeout | undefined;
  const round = async (): Promise<void> => {
    for (const address of loopbackAddresses) {
      const ready = await isReady(address, options);
      if (stopped) return;
      if (ready) {
        options.onReady(address);
        return;
      }
    }
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pausedMs * shareOfWait));
    pausedMs += pauseMs;
    timer = setTimeout(() => void round(), pauseMs);
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

async function isReady(address: string, { port, readyPath }: PollOptions): Promise<boolean> {
  if (!(await accepts(address, port))) return false;
  return readyPath === undefined || (await answersWell(address, port, readyPath));
}

function accepts(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const settle = (accepted: boolean): void => {
      socket.destroy();
      resolve(accepted);
    };
    socket.setTimeout(answerLimitMs, () => settle(false));
    socket.once("connect", () => settle(true));
    socket.on("error", () => settle(false));
  });
}

function answersWell(host: string, port: number, path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const outgoing = request({ host, port, path, agent: false });
    const settle = (good: boolean): void => {
      outgoing.destroy();
      resolve(good);
    };
    const limit = setTimeout(() => settle(false), answerLimitMs);
    outgoing.once("response", ({ statusCode = 0 }) =>
      settle(statusCode >= 200 && statusCode < 300),
    );
    outgoing.on("error", () => settle(false));
    outgoing.once("close", () => clearTimeout(limit));
    outgoing.end();
  });
}
