/**
 * What monitors that others have written say of health, in our words. They say it in many ways:
 * yes or no, a word, an object with one of a dozen fields, a list of issues, an error.
 *
 * A1. Whatever it is, reading it never throws, and looks at no more than `itemsMax` members.
 * A2. What is not understood is never bad news: it is `strange`, and told as such.
 */
import { cutOff, messageOf } from "../../kernel/index.ts";
import { type HealthStatus, worstOf } from "../health/index.ts";

export interface MonitorAnswer {
  readonly status: HealthStatus;
  readonly message?: string;
  /** `silent`: it says nothing of health. `strange`: in words that nobody knows. */
  readonly grasp: "understood" | "silent" | "strange";
}

type Fields = Readonly<Record<string, unknown>>;

const textMax = 300;
const itemsMax = 1000;
const depthMax = 3;

const words: ReadonlyMap<string, HealthStatus> = new Map([
  ...meaning("healthy", "healthy ok okay up pass passed passing green good well normal success"),
  ...meaning("healthy", "operational available resolved closed cleared recovered"),
  ...meaning("degraded", "degraded warn warning yellow slow partial impaired unstable medium"),
  ...meaning("unhealthy", "unhealthy down fail failed failing failure error critical fatal red"),
  ...meaning("unhealthy", "dead crashed stopped offline unavailable broken emergency high severe"),
]);

const wordFields = ["overall", "overallStatus", "status", "health", "state"] as const;
const flagFields = ["healthy", "isHealthy", "ok", "success", "passed"] as const;
/** Whoever runs may be ill; whoever does not is no monitor any more. */
const lifeFields = ["isRunning", "running", "alive", "isAlive"] as const;
const listFields = ["issues", "alerts", "problems", "failures", "errors", "warnings"] as const;
const partFields = ["checks", "components", "services", "results"] as const;
const severityFields = ["severity", "level", "status", "priority"] as const;
const textFields = ["message", "reason", "error", "description", "detail", "title"] as const;

/** Never throws (A1). */
export function readMonitorAnswer(said: unknown): MonitorAnswer {
  try {
    return read(said, 0);
  } catch (error) {
    const message = `its answer cannot be read: ${messageOf(error)}`;
    return { status: "unhealthy", message: cutOff(message, textMax), grasp: "understood" };
  }
}

/** What a thing that was told says in words; undefined: nothing. Never throws. */
export function textIn(told: unknown): string | undefined {
  try {
    return textOf(told);
  } catch {
    // A getter or a proxy that throws has nothing to say.
    return undefined;
  }
}

/** How bad a thing that was told says it is; undefined: it does not say. Never throws. */
export function severityIn(told: unknown): HealthStatus | undefined {
  try {
    return isFields(told) ? severityOf(told) : undefined;
  } catch {
    // See above.
    return undefined;
  }
}

function read(said: unknown, depth: number): MonitorAnswer {
  if (said === undefined || said === null) return { status: "healthy", grasp: "silent" };
  if (typeof said === "boolean") return understood(said ? "healthy" : "unhealthy");
  if (typeof said === "string") return readWord(said);
  if (said instanceof Error) return understood("unhealthy", textOf(said));
  if (Array.isArray(said)) return readIssues(said);
  if (!isFields(said) || depth >= depthMax) return strange(said);
  return (
    readScalars(said, depth) ??
    readLists(said) ??
    readParts(said, depth) ??
    readLife(said) ??
    strange(said)
  );
}

function readWord(word: string): MonitorAnswer {
  const status = statusOf(word);
  return status === undefined ? strange(word) : understood(status);
}

function readScalars(said: Fields, depth: number): MonitorAnswer | undefined {
  const found: MonitorAnswer[] = [];
  for (const field of wordFields) {
    const value = said[field];
    // A number is a status of HTTP, a function is no answer.
    if (typeof value !== "string" && typeof value !== "boolean" && !isFields(value)) continue;
    found.push(read(value, depth + 1));
  }
  for (const field of flagFields) {
    if (typeof said[field] === "boolean") found.push(read(said[field], depth + 1));
  }
  for (const field of lifeFields) if (said[field] === false) found.push(notRunning);
  const clear = found.filter(({ grasp }) => grasp === "understood");
  if (clear.length === 0) return undefined;
  const status = worstOf(clear.map((each) => each.status));
  const [own] = clear.flatMap((each) => (each.status === status ? (each.message ?? []) : []));
  if (status === "healthy") return understood(status, textOf(said));
  return understood(status, textOf(said) ?? own ?? readLists(said)?.message);
}

function readLists(said: Fields): MonitorAnswer | undefined {
  const lists = listFields.flatMap((field) => {
    const value = said[field];
    return Array.isArray(value) ? [readIssues(value)] : [];
  });
  return worstAnswer(lists);
}

function readParts(said: Fields, depth: number): MonitorAnswer | undefined {
  const answers = partFields.flatMap((field) => {
    const value = said[field];
    if (!isFields(value)) return [];
    return Object.entries(value)
      .slice(0, itemsMax)
      .map(([key, part]): MonitorAnswer => {
        const answer = read(part, depth + 1);
        const name = isFields(part) && typeof part["name"] === "string" ? part["name"] : key;
        const rest = answer.message === undefined ? `is ${answer.status}` : answer.message;
        return { ...answer, message: cutOff(`${name}: ${rest}`, textMax) };
      });
  });
  return worstAnswer(answers.filter(({ grasp }) => grasp === "understood"));
}

function readLife(said: Fields): MonitorAnswer | undefined {
  const isAlive = lifeFields.some((field) => said[field] === true);
  return isAlive ? { status: "healthy", grasp: "silent" } : undefined;
}

/** What is resolved is none any more. */
function readIssues(issues: readonly unknown[]): MonitorAnswer {
  const open = issues.slice(-itemsMax).flatMap((issue) => {
    if (issue === undefined || issue === null || issue === "" || issue === true) return [];
    if (!isFields(issue)) return [{ status: "degraded" as const, message: textOf(issue) }];
    if (issue["resolved"] === true || issue["active"] === false) return [];
    const status = severityOf(issue) ?? "degraded";
    return status === "healthy" ? [] : [{ status, message: textOf(issue) }];
  });
  const status = worstOf(open.map((each) => each.status));
  const first = open.find((each) => each.status === status);
  if (first === undefined) return understood("healthy");
  const more = open.length === 1 ? "" : `, and ${open.length - 1} more`;
  return understood(status, `${first.message ?? "an issue"}${more}`);
}

function worstAnswer(answers: readonly MonitorAnswer[]): MonitorAnswer | undefined {
  const status = worstOf(answers.map((each) => each.status));
  const found = answers.find((each) => each.status === status);
  return found && (status === "healthy" ? understood(status) : found);
}

function severityOf(said: Fields): HealthStatus | undefined {
  for (const field of severityFields) {
    const value = said[field];
    const status = typeof value === "string" ? statusOf(value) : undefined;
    if (status !== undefined) return status;
  }
  return undefined;
}

function statusOf(word: string): HealthStatus | undefined {
  return word.length > 40 ? undefined : words.get(word.trim().toLowerCase());
}

function textOf(said: unknown): string | undefined {
  if (typeof said === "string") return said === "" ? undefined : cutOff(said, textMax);
  if (typeof said === "number") return String(said);
  if (said instanceof Error) return cutOff(said.message || said.name, textMax);
  if (!isFields(said)) return undefined;
  for (const field of textFields) {
    const value = said[field];
    if (typeof value === "string" && value !== "") return cutOff(value, textMax);
    if (value instanceof Error) return cutOff(value.message || value.name, textMax);
  }
  return undefined;
}

const notRunning: MonitorAnswer = understood("unhealthy", "it is not running");

function understood(status: HealthStatus, message?: string): MonitorAnswer {
  return { status, grasp: "understood", ...(message === undefined ? {} : { message }) };
}

/** A2. */
function strange(said: unknown): MonitorAnswer {
  const shown = typeof said === "string" ? JSON.stringify(said.slice(0, 40)) : `a ${typeof said}`;
  const message = `it says ${shown}, which does not say how it is`;
  return { status: "healthy", message, grasp: "strange" };
}

function meaning(status: HealthStatus, all: string): readonly (readonly [string, HealthStatus])[] {
  return all.split(" ").map((word) => [word, status] as const);
}

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
