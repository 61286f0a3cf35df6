/**
 * The program of a toy service, as text. It listens on PORT when it has one.
 *
 * `/health` answers 200; or what NAME.health says (a status, `slow`, or `after` so many ms; with
 * `leaks` 500 and the value of that variable); 503 when what NEEDS names does not answer well.
 * `/ready` answers 503 where NAME.unready names its pid. `/` tells who it is, after `?ms=`.
 * `/block` blocks the event loop for ever, `/exit?code=` ends it. With NAME.broken there, it ends
 * at once with code 1. While NAME.hold is there it is up but not well. Its identity is noted in
 * `pids/` as soon as it runs.
 */
export const toySource = `
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";

const { NAME = "toy", PORT, NEEDS, VERSION = "1" } = process.env;
const stat = readFileSync("/proc/self/stat", "utf8");
const startTicks = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
const self = { pid: process.pid, startTicks, bootId };
writeFileSync("pids/" + process.pid, JSON.stringify(self));

if (existsSync(NAME + ".broken")) {
  console.error("broken, as told");
  process.exit(1);
}

async function health() {
  if (existsSync(NAME + ".hold")) return 503;
  if (existsSync(NAME + ".health")) {
    const told = readFileSync(NAME + ".health", "utf8");
    if (told === "slow") return undefined;
    if (told.startsWith("after ")) {
      await new Promise((resolve) => setTimeout(resolve, Number(told.slice(6))));
      return 200;
    }
    if (told.startsWith("leaks ")) return 500;
    return Number(told);
  }
  if (NEEDS === undefined) return 200;
  try {
    const answer = await fetch(NEEDS, { signal: AbortSignal.timeout(250) });
    return answer.ok ? 200 : 503;
  } catch {
    return 503;
  }
}

function leak() {
  const told = existsSync(NAME + ".health") ? readFileSync(NAME + ".health", "utf8") : "";
  return told.startsWith("leaks ") ? "no login with " + process.env[told.slice(6)] : undefined;
}

function countForever() {
  for (let count = 0; ; count += 1) if (count < 0) return;
}

async function answer(request, response) {
  const url = new URL(request.url, "http://toy");
  if (url.pathname === "/health") {
    const status = await health();
    if (status !== undefined) response.writeHead(status).end(leak() ?? String(status));
    return;
  }
  if (url.pathname === "/ready") {
    const named = existsSync(NAME + ".unready") ? readFileSync(NAME + ".unready", "utf8") : "";
    response.writeHead(named.split(" ").includes(String(process.pid)) ? 503 : 200).end();
    return;
  }
  if (url.pathname === "/block") {
    response.end("blocking", () => setTimeout(countForever, 10));
    return;
  }
  if (url.pathname === "/exit") {
    response.end("bye", () => process.exit(Number(url.searchParams.get("code") ?? 0)));
    return;
  }
  const who = JSON.stringify({ name: NAME, version: VERSION, pid: process.pid });
  setTimeout(() => response.end(who), Number(url.searchParams.get("ms") ?? 0));
}

if (PORT === undefined) {
  setInterval(() => {}, 1000);
} else {
  const server = createServer((request, response) => void answer(request, response));
  server.listen(Number(PORT), "127.0.0.1", () => console.log(NAME, VERSION, "is up"));
  // At once: whoever stops it has to see to it that no request is under way.
  process.on("SIGTERM", () => process.exit(0));
}
`;
