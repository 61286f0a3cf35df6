/** Puts one question to a monitor of somebody else's, with all that it can answer by. */
import { messageOf } from "../../kernel/index.ts";
import { hasPid } from "../../system/index.ts";
import { worstOf } from "../health/index.ts";
import type { MonitorAbilities } from "./monitor-abilities.ts";
import { type MonitorAnswer, readMonitorAnswer } from "./monitor-answer.ts";
import type { RecentItems } from "./recent-items.ts";

type Parts = Readonly<Record<string, unknown>>;

/** Never rejects: what is thrown is an answer. It may never settle, as the monitor may not. */
export async function askMonitor(
  { monitor, ...able }: MonitorAbilities,
  recent: RecentItems,
): Promise<MonitorAnswer> {
  const parts = monitor as Parts;
  const call = (name: string): unknown =>
    Reflect.apply((name === "" ? monitor : parts[name]) as () => unknown, parts, []);
  const answers: MonitorAnswer[] = [];
  const ask = async (look: () => unknown): Promise<void> => {
    try {
      answers.push(readMonitorAnswer(await look()));
    } catch (error) {
      const message = messageOf(error).slice(0, 300);
      answers.push({ status: "unhealthy", message, grasp: "understood" });
    }
  };
  const { question, issueLists, errorLists, fields, life } = able;
  if (life.length > 0) await ask(() => isAlive(parts, life));
  if (question !== undefined) await ask(() => call(question));
  if (fields.length > 0) await ask(() => Object.fromEntries(fields.map((f) => [f, parts[f]])));
  for (const name of issueLists) await ask(() => call(name));
  for (const name of errorLists) await ask(async () => recent.of(await call(name)));
  return together(answers);
}

/** The worst one; strange words are only told where nothing else says anything. */
function together(answers: readonly MonitorAnswer[]): MonitorAnswer {
  const status = worstOf(answers.map((each) => each.status));
  const clear = answers.filter(({ grasp }) => grasp === "understood");
  const strange = answers.find(({ grasp }) => grasp === "strange");
  const found = clear.find((each) => each.status === status) ?? strange;
  return found ?? { status, grasp: "silent" };
}

/** Silence where it lives: that alone does not say that it is well. */
async function isAlive(parts: Parts, life: readonly string[]): Promise<unknown> {
  for (const name of life) {
    const given = parts[name];
    const isMethod = typeof given === "function";
    const value: unknown = isMethod
      ? await Reflect.apply(given as () => unknown, parts, [])
      : given;
    if (name === "isRunning" || name === "running") {
      if (value === false) return { isRunning: false };
    } else if (name === "pid") {
      const isThere = typeof value !== "number" || value <= 0 || hasPid(value);
      if (!isThere) return new Error(`there is no process ${value}`);
    } else if (typeof value === "number" || typeof value === "string") {
      return new Error(`it has ended with ${value}`);
    }
  }
  return undefined;
}
