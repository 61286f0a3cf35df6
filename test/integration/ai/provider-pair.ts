/** Two providers for the tests of one file: well again after each test, gone after the last. */
import { afterAll, afterEach } from "vitest";
import { ProviderServer } from "./provider-server.ts";

export async function providerPair(
  one: string,
  other: string,
): Promise<readonly [ProviderServer, ProviderServer]> {
  const pair = [await ProviderServer.start(one), await ProviderServer.start(other)] as const;
  afterEach(() => {
    for (const server of pair) server.reset();
  });
  afterAll(async () => {
    for (const server of pair) await server.stop();
  });
  return pair;
}
