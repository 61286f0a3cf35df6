// ai-router: hands text jobs to an AI provider, the primary one unless an operator has switched.
// The switch is a file with one word, `primary` or `alternative`, read for every request.
// Environment: PORT, PRIMARY and ALTERNATIVE (base URLs), SWITCH_FILE (optional).
import { readFileSync } from "node:fs";
import { CallFailed, callJson } from "./lib/call-http.js";
import { RequestRefused, readJson, startHttpService } from "./lib/http-service.js";
import { createLog } from "./lib/log.js";

const PROVIDER_DEADLINE_MS = 1_000;
const FAILURES_UNTIL_FAIL = 3;
/** Without requests nothing is known any more, and health returns to "pass". */
const FAILURE_MEMORY_MS = 10_000;

const providers = {
  primary: process.env.PRIMARY ?? "http://127.0.0.1:4105",
  alternative: process.env.ALTERNATIVE ?? "http://127.0.0.1:4106",
};
const log = createLog("ai-router");
const counted = { done: 0, failed: 0 };
let chosen = "primary";
let streak = { failures: 0, lastAt: 0, reason: "" };

/** The provider of this moment. A missing file means the primary; a bad word changes nothing. */
function currentProvider() {
  const wanted = readSwitch(process.env.SWITCH_FILE);
  if (wanted !== chosen && Object.hasOwn(providers, wanted)) {
    log.info("provider switched", { from: chosen, to: wanted });
    chosen = wanted;
    streak = { failures: 0, lastAt: 0, reason: "" };
  }
  return chosen;
}

function readSwitch(file) {
  if (file === undefined) return "primary";
  try {
    return readFileSync(file, "utf8").trim();
  } catch (error) {
    if (error.code === "ENOENT") return "primary"; // Nobody has switched.
    throw error;
  }
}

async function route(prompt) {
  const provider = currentProvider();
  try {
    const answer = await callJson(`${providers[provider]}/complete`, {
      method: "POST",
      body: { prompt },
      deadlineMs: PROVIDER_DEADLINE_MS,
    });
    counted.done += 1;
    streak.failures = 0;
    return { body: { ...answer, route: provider } };
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    counted.failed += 1;
    streak = { failures: streak.failures + 1, lastAt: performance.now(), reason: error.message };
    log.warn("provider failed", { provider, reason: error.message });
    return { status: 502, body: { error: `provider ${provider} failed: ${error.reason}` } };
  }
}

startHttpService({
  name: "ai-router",
  routes: {
    "POST /route": async ({ request }) => {
      const { prompt } = await readJson(request);
      if (typeof prompt !== "string") throw new RequestRefused(400, "prompt must be a text");
      return route(prompt);
    },
  },
  checks: {
    "provider:answers": async () => {
      const provider = currentProvider();
      const recent = performance.now() - streak.lastAt < FAILURE_MEMORY_MS;
      if (streak.failures === 0 || !recent) return { status: "pass", observedValue: provider };
      const status = streak.failures >= FAILURES_UNTIL_FAIL ? "fail" : "warn";
      const output = `${streak.failures} failures in a row, the last: ${streak.reason}`;
      return { status, observedValue: provider, output };
    },
  },
  metrics: () => [
    { name: "routes_done_total", type: "counter", help: "Text jobs done.", value: counted.done },
    {
      name: "routes_failed_total",
      type: "counter",
      help: "Text jobs that the provider failed.",
      value: counted.failed,
    },
    {
      name: "provider_in_use",
      type: "gauge",
      help: "1 for the provider that gets the next job.",
      series: Object.keys(providers).map((provider) => ({
        labels: { provider },
        value: provider === chosen ? 1 : 0,
      })),
    },
  ],
});
