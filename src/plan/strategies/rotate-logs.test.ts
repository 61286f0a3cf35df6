import { expect, it } from "vitest";
import type { HookSpecs } from "../../config/index.ts";
import type { Context } from "../strategy.ts";
import { rotateLogs } from "./rotate-logs.ts";

const none: HookSpecs = { commands: {}, webhooks: {}, clean: [], rotate: [] };
const hooks: HookSpecs = { ...none, rotate: ["*.log"], rotateIn: "/srv" };

it("rotates below the folder of the fleet file where there is no service", () => {
  const context = { resource: "host/here", spec: { hooks } } as unknown as Context;
  expect(rotateLogs.against(context)).toBeUndefined();
  expect(rotateLogs.steps(context)).toEqual([
    {
      kind: "rotate",
      resource: "host/here",
      parameters: { files: ["*.log"], keep: 3, cwd: "/srv" },
      deadlineMs: 30_000,
    },
  ]);
});

it("has nothing to do where nothing is declared", () => {
  const context = { resource: "host/here", spec: { hooks: none } } as unknown as Context;
  expect(rotateLogs.against(context)).toContain("no `rotate` files are declared");
});
