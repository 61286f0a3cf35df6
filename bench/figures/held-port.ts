/**
 * A stranger holds the port that a service needs: who is it, and how soon is it over afterwards?
 */
import { performance } from "node:perf_hooks";
import { setTimeout as pause } from "node:timers/promises";
import { appFleet } from "../rig/app-fleet.ts";
import { intervalMs, probe } from "../rig/budgets.ts";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { anotherAnswers } from "../rig/first-good-answer.ts";
import { freePorts } from "../rig/free-ports.ts";
import { Ground } from "../rig/ground.ts";
import { Pm2 } from "../rig/pm2.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";
import { appFile, endChild, startSpeaking } from "../rig/start-app.ts";

const diagnosedWithinMs = 20_000;

interface FailureRow {
  readonly id: number;
  readonly failureType: string;
  readonly errorMessage: string | null;
}

export const heldPort: Figure = {
  name: "port",
  title: "port held by a stranger",
  async run(bench) {
    const [ours = 0, peers = 0] = await freePorts(2);
    const trials = bench.quick ? 2 : 5;
    const app = {
      env: { PORT: String(ours) },
      health_check: { ...probe, http: `http://127.0.0.1:${ours}/health` },
    };
    const ground = await Ground.open(bench, appFleet(app, { watch: "1s" }));
    const healed: number[] = [];
    let named = 0;
    for (let trial = 1; trial <= trials; trial += 1) {
      bench.progress(`trial ${trial} of ${trials}`);
      await ground.healthy();
      const { ms, isNamed } = await holdOnce(bench, ground, ours);
      healed.push(ms / intervalMs);
      named += Number(isNamed);
    }
    const spread = spreadOf(healed);
    return [
      {
        what: "port held: diagnosis names pid and command",
        mustReach: "always",
        measured: `${named} of ${trials}`,
        reached: named === trials,
      },
      {
        what: "port held: release to first good answer",
        mustReach: "<= 1 interval",
        measured: tellSpread(spread, "intervals"),
        reached: spread.median <= 1,
        spread,
      },
      await besidePm2(bench, peers),
    ];
  },
};

async function holdOnce(
  bench: Bench,
  ground: Ground,
  port: number,
): Promise<{ readonly ms: number; readonly isNamed: boolean }> {
  await ground.client.post("/api/v1/services/app/stop");
  while ((await ground.service("app")).instances.some(({ pid }) => pid !== null)) await pause(20);
  const stranger = await startSpeaking(bench, "stranger", [port]);
  await ground.client.post("/api/v1/services/app/start");
  const isNamed = await isDiagnosed(ground, [`pid ${stranger.pid}`, "stranger.js"]);
  // As long as somebody would need who reads the diagnosis, and at no fixed phase of any check.
  await pause(1000 + (port % 7) * 100);
  await endChild(stranger);
  const ms = await anotherAnswers(port, { not: 0, sinceMs: performance.now() });
  return { ms, isNamed };
}

async function isDiagnosed(ground: Ground, words: readonly string[]): Promise<boolean> {
  const untilMs = performance.now() + diagnosedWithinMs;
  while (performance.now() < untilMs) {
    const rows = await ground.client.get<readonly FailureRow[]>("/api/v1/failures?limit=5");
    const found = rows.some(
      ({ failureType, errorMessage }) =>
        failureType === "port_conflict" &&
        words.every((word) => errorMessage?.includes(word) === true),
    );
    if (found) return true;
    await pause(50);
  }
  return false;
}

async function besidePm2(bench: Bench, port: number): Promise<Row> {
  const afterMs = bench.quick ? 10_000 : 30_000;
  const pm2 = await Pm2.open(bench);
  const stranger = await startSpeaking(bench, "stranger", [port]);
  await pm2.start("held", appFile("app"), { port });
  for (let looks = 0; looks < 60 && (await pm2.apps("held"))[0]?.status !== "errored"; looks += 1) {
    bench.progress("PM2 tries");
    await pause(1000);
  }
  await endChild(stranger);
  const ms = await anotherAnswers(
    port,
    { not: 0, sinceMs: performance.now() },
    { everyMs: 50, withinMs: afterMs, atOnce: 1 },
  );
  const [app] = await pm2.apps("held");
  const healed = Number.isFinite(ms)
    ? `answers after ${short(ms)} ms`
    : `no answer within ${afterMs / 1000} s`;
  return {
    what: "port held: PM2 after release",
    mustReach: "",
    measured: `"${app?.status ?? "gone"}" after ${app?.restarts ?? 0} restarts, ${healed} (n=1)`,
  };
}
