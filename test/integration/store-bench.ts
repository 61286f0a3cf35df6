/** Stores in folders of a test; after it they are closed, and the folders gone. */
import type { Store } from "../../src/model/index.ts";
import { afterwards } from "../afterwards.ts";

export async function opened<S extends Store>(store: Promise<S>): Promise<S> {
  const there = await store;
  afterwards(() => there.close());
  return there;
}
