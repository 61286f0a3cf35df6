/**
 * Each attempt and each fallback runs in the async context of its own caller, with both of Node's
 * ways to keep one: what middleware knows of a request is never another request's.
 */
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, test } from "vitest";

const run = promisify(execFile);
const app = new URL("./async-context-app.ts", import.meta.url).pathname;

const one = [["ada"], ["bob"], ["cid"]];
const two = [
  ["ada", "ada"],
  ["bob", "bob"],
  ["cid", "cid"],
];
/** Those who found no room have made no attempt. */
const onlyTheFirst = [["ada"], [], []];

test.each([
  ["a frame of its own", []],
  ["hooks, as before Node 24", ["--no-async-context-frame"]],
])("every attempt and every fallback has its caller's context: %s", async (_way, flags) => {
  const { stdout } = await run(process.execPath, [...flags, app]);
  const answers = ["ada", "bob", "cid"];
  expect(JSON.parse(stdout)).toEqual({
    retryAfterFailure: { answers, attempts: two },
    retryAfterTimeout: { answers, attempts: two },
    retryAfterTimeoutInFullBulkhead: { answers, attempts: two },
    retryInFullBulkhead: { answers, attempts: two },
    fallbackAfterFailure: { answers, attempts: one },
    fallbackAfterTimeout: { answers, attempts: one },
    fallbackAfterWait: { answers, attempts: onlyTheFirst },
    fallbackAfterRetry: { answers, attempts: two },
    fallbackInFullBulkhead: { answers, attempts: onlyTheFirst },
  });
});
