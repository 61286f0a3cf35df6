import { EventEmitter } from "node:events";
import { describe, expect, it } from "vitest";
import type { SilentError } from "../events.ts";
import { watchEmitter } from "./watch-emitter.ts";

function watched(emitter = new EventEmitter()) {
  const told: SilentError[] = [];
  const stop = watchEmitter(emitter, "orders", (found) => told.push(found));
  return { emitter, told, stop };
}

describe("an emitter that is watched", () => {
  it("tells of a listener that throws, once, and the error goes where it went before", () => {
    const { emitter, told } = watched();
    const error = new Error("no such order");
    const after: unknown[] = [];
    emitter.on("paid", () => {
      throw error;
    });
    emitter.on("paid", (id) => after.push(id));
    expect(() => emitter.emit("paid", 1)).toThrow(error);
    expect(() => emitter.emit("paid", 2)).toThrow(error);
    expect(after).toEqual([]);
    expect(told).toHaveLength(1);
    expect(told[0]).toMatchObject({
      operation: "orders",
      type: "throwing_listener",
      evidence: { event: "paid", listeners: 2, error: "no such order" },
    });
    expect(told[0]?.evidence["at"]).toContain("watch-emitter.test.ts");
  });

  it("is as it was for everybody else", () => {
    const { emitter, told, stop } = watched();
    const heard: unknown[] = [];
    emitter.on("paid", function (this: unknown, ...details: unknown[]) {
      heard.push(this, ...details);
    });
    expect(emitter.emit("paid", 1, 2)).toBe(true);
    expect(emitter.emit("nobody")).toBe(false);
    expect(heard).toEqual([emitter, 1, 2]);
    expect(Object.keys(emitter)).not.toContain("emit");
    stop();
    expect(Object.hasOwn(emitter, "emit")).toBe(false);
    expect(told).toEqual([]);
  });

  it("says nothing of an error event that nobody listens to: there is no listener", () => {
    const { emitter, told } = watched();
    expect(() => emitter.emit("error", new Error("unheard"))).toThrow("unheard");
    expect(told).toEqual([]);
  });

  it("leaves a frozen one alone", () => {
    const { emitter, told } = watched(Object.freeze(new EventEmitter()));
    expect(emitter.emit("paid")).toBe(false);
    expect(told).toEqual([]);
  });
});
