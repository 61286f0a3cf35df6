/**
 * Asks the agent of a vault, and waits for its answer.
 *
 * Q1. That nobody answers is told apart from an answer that refuses: the first is no error of what
 *     was asked.
 * Q2. Nothing is asked twice.
 */
import { connect } from "node:net";
import type { AbortSignalLike } from "../../model/index.ts";
import type { ControlRequest } from "./control-request.ts";

export type AgentAnswer =
  | { readonly kind: "done"; readonly value: unknown }
  /** The agent says why not. */
  | { readonly kind: "refused"; readonly reason: string }
  /** There is no agent, or it went while it was asked. */
  | { readonly kind: "nobody"; readonly reason: string };

const answerCharsMax = 4 << 20;

/** Rejects when the signal aborts, and only then. */
export function askAgent(
  socketPath: string,
  request: ControlRequest,
  signal: AbortSignalLike,
): Promise<AgentAnswer> {
  const { promise, reject, resolve } = Promise.withResolvers<AgentAnswer>();
  const socket = connect(socketPath);
  const giveUp = (): void => {
    socket.destroy();
    reject(new Error("the agent did not answer in its time"));
  };
  if (signal.aborted) giveUp();
  signal.addEventListener("abort", giveUp, { once: true });
  let text = "";
  socket.setEncoding("utf8");
  socket.on("connect", () => socket.write(`${JSON.stringify(request)}\n`));
  socket.on("data", (piece: string) => {
    text += piece;
    if (text.length > answerCharsMax) socket.destroy();
  });
  socket.on("error", (error) => resolve({ kind: "nobody", reason: error.message }));
  socket.on("close", () => {
    signal.removeEventListener("abort", giveUp);
    resolve(answerOf(text));
  });
  return promise;
}

function answerOf(text: string): AgentAnswer {
  try {
    const said = JSON.parse(text) as { readonly ok?: unknown; readonly error?: string };
    if (said.error !== undefined) return { kind: "refused", reason: said.error };
    return { kind: "done", value: said.ok };
  } catch {
    // It ended in the middle of its answer, or before.
    return { kind: "nobody", reason: "it went before it answered" };
  }
}
