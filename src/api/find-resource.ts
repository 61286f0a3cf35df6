/** Does the fleet know it? Services, their instances, and everything that is watched. */
import { nearest, SoulMirrorError } from "../kernel/index.ts";
import type { ServiceView } from "../loop/index.ts";
import { type ResourceId, resourceId } from "../model/index.ts";
import type { House } from "./house.ts";

/** Throws NOT_FOUND for a stranger. */
export function findResource(house: House, kind: string, name: string): ResourceId {
  const wanted = resourceId(kind, name);
  const isService = house
    .services()
    .some(
      (service) =>
        service.resource === wanted ||
        service.instances.some((instance) => instance.resource === wanted),
    );
  if (isService || house.resources().some(({ resource }) => resource === wanted)) return wanted;
  throw new SoulMirrorError("NOT_FOUND", `the fleet has no resource ${wanted}`, {
    fix: "GET /api/v1/resources lists them",
  });
}

/** Throws NOT_FOUND for a stranger. */
export function findService(house: House, name: string): ServiceView {
  const services = house.services();
  const found = services.find((service) => service.name === name);
  if (found) return found;
  const names = services.map((service) => service.name);
  const near = nearest(name, names);
  const known = `services: ${names.join(", ") || "none"}`;
  throw new SoulMirrorError("NOT_FOUND", `the fleet has no service ${name}`, {
    fix: near === undefined ? known : `did you mean "${near}"? ${known}`,
  });
}
