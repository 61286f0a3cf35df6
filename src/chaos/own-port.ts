/** The port that a service without `listen` binds itself, as its file says. */
import type { Scene } from "./fault.ts";
import { Refusal } from "./refusal.ts";

export function ownPort(scene: Scene, service: string): number {
  const spec = scene.fleet.services[service];
  const port = Number(spec?.env["PORT"]);
  if (spec === undefined) throw new Refusal(`the fleet has no service ${service}`);
  if (spec.listen !== undefined) throw new Refusal(`the port of ${service} belongs to the proxy`);
  if (!Number.isInteger(port) || port <= 0) throw new Refusal(`${service} declares no PORT`);
  return port;
}
