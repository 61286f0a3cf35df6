// provider: does the text jobs that ai-router hands out. It stands for an external AI provider that
// can be reachable and yet refuse: while QUOTA_FILE says "exhausted" it answers 429, as paid
// providers do, and a restart changes nothing about that.
// Environment: PORT, NAME, QUOTA_FILE (optional).
import { readFile } from "node:fs/promises";
import { RequestRefused, readJson, startHttpService } from "./lib/http-service.js";
import { summarize } from "./lib/text-summary.js";

const name = process.env.NAME ?? "provider";
let completed = 0;

async function quotaIsExhausted(file) {
  if (file === undefined) return false;
  try {
    return (await readFile(file, "utf8")).trim() === "exhausted";
  } catch (error) {
    if (error.code === "ENOENT") return false; // Nobody has set a limit.
    throw error;
  }
}

startHttpService({
  name: `provider-${name}`,
  routes: {
    "POST /complete": async ({ request }) => {
      const { prompt } = await readJson(request);
      if (typeof prompt !== "string") throw new RequestRefused(400, "prompt must be a text");
      if (await quotaIsExhausted(process.env.QUOTA_FILE)) {
        throw new RequestRefused(429, "quota exhausted");
      }
      completed += 1;
      return { body: { provider: name, ...summarize(prompt) } };
    },
  },
  metrics: () => [
    { name: "completions_total", type: "counter", help: "Text jobs done.", value: completed },
  ],
});
