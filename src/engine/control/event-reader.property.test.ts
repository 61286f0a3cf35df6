import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventReader } from "./event-reader.ts";

/** What a server of ours writes for one event. */
function written(data: string): string {
  return `${data
    .split(/\r\n|\r|\n/)
    .map((line) => `data: ${line}\n`)
    .join("")}\n`;
}

describe("a stream of events", () => {
  it("is read the same in whatever pieces it comes", () => {
    const line = fc.string({ maxLength: 20 }).filter((text) => !/[\r\n]/.test(text));
    const events = fc.array(line, { maxLength: 10 });
    fc.assert(
      fc.property(events, fc.array(fc.nat(30), { maxLength: 40 }), (sent, cuts) => {
        const noise = ": alive\n\nretry: 2000\n\n";
        const text = sent.map((each) => noise + written(each)).join("");
        const reader = new EventReader(10_000);
        const read: string[] = [];
        let at = 0;
        for (const cut of cuts) {
          read.push(...reader.read(text.slice(at, at + cut)));
          at += cut;
        }
        read.push(...reader.read(text.slice(at)));
        expect(read).toEqual(sent);
      }),
    );
  });

  it("that never ends an event is given up, however it is cut", () => {
    for (const piece of ["data: 0123456789\n", "0123456789"]) {
      const reader = new EventReader(100);
      const readOn = (): void => {
        for (let time = 0; time < 11; time += 1) reader.read(piece);
      };
      expect(readOn).toThrow("a message is longer than 100 characters");
    }
  });
});
