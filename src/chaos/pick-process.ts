/** Whom a fault strikes, of all the processes that a service has right now. */
import { integerBetween } from "../kernel/index.ts";
import { sameProcess } from "../model/index.ts";
import type { Scene, ServiceProcess } from "./fault.ts";
import { Refusal } from "./refusal.ts";

export async function pickProcess(scene: Scene, service: string): Promise<ServiceProcess> {
  const processes = await scene.processes(service);
  const chosen = processes[integerBetween(scene.random, 0, Math.max(0, processes.length - 1))];
  if (chosen === undefined) throw new Refusal(`${service} has no process now`);
  return chosen;
}

/** Later the promise says which of these services do not run in the same processes any more. */
export async function watchProcesses(
  scene: Scene,
  services: readonly string[],
): Promise<() => Promise<string | undefined>> {
  const before = new Map<string, readonly ServiceProcess[]>();
  for (const service of services) before.set(service, await scene.processes(service));
  return async () => {
    for (const [service, earlier] of before) {
      const now = await scene.processes(service);
      const isSame =
        now.length === earlier.length &&
        earlier.every((one) => now.some(({ process }) => sameProcess(process, one.process)));
      if (!isSame) return `${service} does not run in the same processes any more`;
    }
    return undefined;
  };
}
