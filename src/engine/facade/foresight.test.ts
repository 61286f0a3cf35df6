import { expect, it } from "vitest";
import { ManualTools } from "../../resilience/index.ts";
import { EngineEventHub } from "../events.ts";
import { Foresight, type ForesightParts } from "./foresight.ts";

it("a look that fails is told, and the next one comes all the same", async () => {
  const tools = new ManualTools();
  const events = new EngineEventHub();
  const told: string[] = [];
  events.on("state", ({ message }) => told.push(message));
  const settings = (): never => {
    throw new Error("no settings");
  };
  const operations = {} as ForesightParts["operations"];
  const foresight = new Foresight({ tools, events, operations, settings, set: () => {} });
  await tools.advance(30_000);
  const message = "a look at the operations failed: no settings";
  expect(told).toEqual([message, message, message]);
  foresight.stop();
});
