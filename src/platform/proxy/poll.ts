/**
 * Asks a joining upstream again and again whether it is there.
 *
 * The pause is a tenth of the time waited so far, between 5 and 100 ms: a process that starts in
 * 40 ms is found within 5, one that is away for minutes costs ten connections a second.
 * Both loopback addresses are tried, because "localhost" may mean either to the service.
 */
import { request } from "node:http";
import { connect } from "node:net";

const shortestPauseMs = 5;
const longestPauseMs = 100;
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
    const pauseMs = Math.min(longestPauseMs, Math.max(shortestPauseMs, pausedMs / 10));
    pausedMs += pauseMs;
    timer = setTimeout(() => void round(), pauseMs);
  };
  void round();
  return () => {
    stopped = true;
    clearTimeout(timer);
  };
}

function isReady(address: string, { port, readyPath }: PollOptions): Promise<boolean> {
  return readyPath === undefined ? accepts(address, port) : answersWell(address, port, readyPath);
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
