import fc from "fast-check";
import { expect, test } from "vitest";
import { parsePrometheus, parseSelector } from "./parse.ts";
import { seriesName } from "./selector.ts";

const name = fc.stringMatching(/^[a-zA-Z_:][a-zA-Z0-9_:]{0,20}$/);
const label = fc.stringMatching(/^[a-zA-Z_][a-zA-Z0-9_]{0,10}$/);
const labels = fc.dictionary(label, fc.string({ unit: "binary" }), { maxKeys: 4 });
const value = fc.oneof(
  fc.double({ noNaN: true }).map((each) => (Object.is(each, -0) ? 0 : each)),
  fc.integer(),
);

/** The format's own escapes: backslash, quote, newline. */
function written(text: string): string {
  return text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}

function shown(number: number): string {
  if (Number.isFinite(number)) return String(number);
  return number > 0 ? "+Inf" : "-Inf";
}

test("what is written is read back, whatever is in the labels", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ name, labels, value }), { maxLength: 20 }), (all) => {
      const lines = all.map((each) => {
        const inside = Object.entries(each.labels).map(
          ([key, text]) => `${key}="${written(text)}"`,
        );
        return `${each.name}{${inside.join(",")}} ${shown(each.value)}`;
      });
      const parsed = parsePrometheus(`# HELP x\n${lines.join("\n")}\n# EOF\n`);
      expect(parsed.badLines).toBe(0);
      expect(parsed.series.map((series) => ({ ...series, labels: { ...series.labels } }))).toEqual(
        all.map((each) => ({ ...each, labels: { ...each.labels } })),
      );
    }),
  );
});

test("no text makes it throw or grow beyond its bounds (1, 2)", () => {
  const pieces = fc.constantFrom(
    "a",
    "{",
    "}",
    '"',
    "=",
    ",",
    " ",
    "\n",
    "\\",
    "1",
    "#",
    "NaN",
    "a 1\n",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string({ unit: "binary" }),
        fc.array(pieces).map((each) => each.join("")),
      ),
      (text) => {
        const parsed = parsePrometheus(text, { seriesMax: 3 });
        expect(parsed.series.length).toBeLessThanOrEqual(3);
        expect(parsed.series.length + parsed.badLines).toBeLessThanOrEqual(text.split("\n").length);
        for (const series of parsed.series) expect(series.name).not.toBe("");
      },
    ),
  );
});

test("a filter by name gives the same as a filter afterwards (3)", () => {
  const text = fc.array(
    fc.constantFrom("a 1", 'a{b="c"} 2', '{"a",b="d"} 3', "ab 4", '{"b"} 5', "a{ 6"),
  );
  fc.assert(
    fc.property(text, (lines) => {
      const all = parsePrometheus(lines.join("\n")).series.filter((series) => series.name === "a");
      const some = parsePrometheus(lines.join("\n"), { names: new Set(["a"]) }).series;
      expect(some).toEqual(all);
    }),
  );
});

test("the name of a series is a selector of it, and does not depend on the order of labels", () => {
  fc.assert(
    fc.property(name, fc.dictionary(label, fc.string({ unit: "grapheme-ascii" })), (text, some) => {
      const reversed = Object.fromEntries(Object.entries(some).toReversed());
      const series = seriesName({ name: text, labels: some });
      expect(seriesName({ name: text, labels: reversed })).toBe(series);
      const selector = parseSelector(series);
      expect(selector?.name).toBe(text);
      expect({ ...selector?.labels }).toEqual({ ...some });
    }),
  );
});
