/** Rotate the declared log files: the cheapest space there is. */
import { hooksOf, type Strategy } from "../strategy.ts";

export const rotateLogs: Strategy = {
  name: "rotate_logs",
  heals: { disk_exhaustion: 10 },
  repeatable: false,
  reverts: false,
  irreversible: () => false,
  against: (context) =>
    (hooksOf(context)?.rotate.length ?? 0) === 0 ? "no `rotate` files are declared" : undefined,
  steps(context) {
    const { service, resource } = context;
    const { rotate: files = [], rotateIn = "/" } = hooksOf(context) ?? {};
    const keep = service?.log.keep ?? 3;
    const cwd = service?.cwd ?? rotateIn;
    return [
      {
        kind: "rotate",
        resource,
        parameters: { files: [...files], cwd, keep },
        deadlineMs: 30_000,
      },
    ];
  },
};
