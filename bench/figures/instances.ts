/** Two instances behind the front proxy, one killed after the other, under load: nobody notices. */
import { setTimeout as pause } from "node:timers/promises";
import { appFleet } from "../rig/app-fleet.ts";
import type { Figure } from "../rig/figure.ts";
import { freePort } from "../rig/free-ports.ts";
import { startGetLoad } from "../rig/get-load.ts";
import { Ground } from "../rig/ground.ts";
import { signalProcess } from "../rig/process-figures.ts";

const betweenMs = 1500;

export const instances: Figure = {
  name: "instances",
  title: "kill -9 of one of two instances behind the proxy, under load",
  async run(bench) {
    const kills = bench.quick ? 5 : 20;
    const port = await freePort();
    const fleet = appFleet({ listen: port, instances: 2 }, { watch: "500ms" });
    const ground = await Ground.open(bench, fleet);
    await ground.healthy();
    const load = startGetLoad({ ports: [port], clients: 8, pauseMs: 2 });
    bench.teardown.defer(async () => void (await load.stop()));
    for (let kill = 0; kill < kills; kill += 1) {
      bench.progress(`kill ${kill + 1} of ${kills}, ${load.figures().failed} failed`);
      await ground.healthy();
      const { instances: both } = await ground.service("app");
      signalProcess(both[kill % both.length]?.pid ?? 0, "SIGKILL");
      await pause(betweenMs);
    }
    const { requests, failed } = await load.stop();
    return [
      {
        what: `instances: 2, ${kills} kills, idempotent requests`,
        mustReach: "0 failed",
        measured: `${failed} of ${requests} failed`,
        reached: failed === 0,
      },
    ];
  },
};
