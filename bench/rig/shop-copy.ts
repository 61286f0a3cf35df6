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
  const fleetPath = await placeShop(copy);
  const load = (await import(pathToFileURL(join(copy, "load.js")).href)) as typeof Load;
  return { fleetPath, load };
}

/** Into a folder that is not there yet. Returns the path of the fleet file. */
export async function placeShop(copy: string): Promise<string> {
  cpSync(shop, copy, {
    recursive: true,
    filter: (path) => path !== join(shop, ".soulmirror") && path !== join(shop, "data"),
  });
  const ports = await freePorts(portsOfShop.length);
  const moved = new Map(portsOfShop.map((usual, index) => [String(usual), String(ports[index])]));
  const fleetPath = join(copy, "soulmirror.yaml");
  for (const path of [fleetPath, join(copy, "load", "targets.js")]) {
    // All at once: a new port may have the digits of a usual one in it, as 24102 has.
    const text = readFileSync(path, "utf8").replace(
      /\b\d{4}\b/g,
      (word) => moved.get(word) ?? word,
    );
    writeFileSync(path, text);
  }
  return fleetPath;
}
