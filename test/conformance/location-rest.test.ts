/** The location behind restic's REST protocol, held to the contract against our own server. */
import { mkdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { RestLocation } from "../../src/platform/locations/rest/index.ts";
import { openVaultServer } from "../../src/platform/vault-server/index.ts";
import { realClock } from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { RoughPath } from "../integration/servers/rough-path.ts";
import { locationConformance } from "./location.ts";
import { locationFaults } from "./location-faults.ts";
import type { LocationScene, SceneFault } from "./location-scene.ts";

locationConformance("rest", openRepository);
locationFaults("rest", openRepository, ["down", "cut", "stalled", "vanished"]);

async function openRepository(): Promise<LocationScene> {
  const stack = new AsyncDisposableStack();
  const folder = temporaryFolder("location-rest");
  const server = stack.use(await openVaultServer({ folder, clock: realClock }));
  const path = stack.use(await RoughPath.to(Number(new URL(server.url).port)));
  const url = `http://127.0.0.1:${path.port}/some/where/`;
  const address = { kind: "rest", url } as const;
  // Longer than a busy disk takes to sync 32 MiB, which is silence on the line.
  const location = stack.use(new RestLocation({ address, idleMs: 3000 }));
  const repository = join(folder, "some/where");
  return {
    location,
    async plant(name, bytes) {
      await mkdir(dirname(join(repository, name)), { recursive: true });
      await writeFile(join(repository, name), bytes);
    },
    async strike(fault: SceneFault) {
      if (fault === "vanished") await rename(repository, `${repository}-away`);
      if (fault === "down") path.goDown();
      if (fault === "cut") path.cutAfter(100_000);
      if (fault === "stalled") path.stall();
    },
    async lift() {
      await path.mendAnew();
      await rename(`${repository}-away`, repository).catch(() => undefined);
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
