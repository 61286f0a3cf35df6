/** The request generator of the example, found beside the fleet file: the drill's witness. */
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type * as Load from "../../../examples/shop/load.d.ts";
import { SoulMirrorError } from "../../kernel/index.ts";

export type ShopLoad = typeof Load;
export type LedgerLine = Load.LedgerLine;
export type RunningLoad = Load.RunningLoad;

export async function findLoad(folder: string): Promise<ShopLoad> {
  const path = join(folder, "load.js");
  if (!existsSync(path)) {
    throw new SoulMirrorError("NOT_FOUND", `there is no request generator ${path}`, {
      fix: "the drill breaks the example fleet: name it with -c examples/shop/soulmirror.yaml",
    });
  }
  return (await import(pathToFileURL(path).href)) as ShopLoad;
}
