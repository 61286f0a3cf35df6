/** The example fleet in a folder of its own and on ports of its own. */
import { cpSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type * as Load from "../../examples/shop/load.d.ts";
import type { Bench } from "./figure.ts";
import { freePorts } from "./free-ports.ts";

const shop = fileURLToPath(new URL("../../examples/shop", import.meta.url));
const portsOfShop = [4101, 4102, 4103, 4104, 4105, 4106];

export interface ShopCopy {
  readonly fleetPath: string;
  readonly load: typeof Load;
}

export async function copyShop({ folder }: Bench): Promise<ShopCopy> {
  const copy = join(folder, "shop");
  cpSync(shop, copy, {
    recursive: true,
    filter: (path) => path !== join(shop, ".soulmirror") && path !== join(shop, "data"),
  });
  const fleetPath = join(copy, "soulmirror.yaml");
  const ports = await freePorts(portsOfShop.length);
  for (const path of [fleetPath, join(copy, "load", "targets.js")]) {
    const moved = portsOfShop.reduce(
      (text, port, index) => text.replaceAll(String(port), String(ports[index])),
      readFileSync(path, "utf8"),
    );
    writeFileSync(path, moved);
  }
  const load = (await import(pathToFileURL(join(copy, "load.js")).href)) as typeof Load;
  return { fleetPath, load };
}
