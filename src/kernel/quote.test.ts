import { describe, expect, it } from "vitest";
import { quote, replaceQuotes } from "./quote.ts";

describe("a quotation", () => {
  it("is replaced wherever the sentence went", () => {
    const text = `restart for log_pattern: ${quote("card 4111")}; then ${quote("pin 12")}.`;
    expect(replaceQuotes(text, "(…)")).toBe("restart for log_pattern: (…); then (…).");
    expect(replaceQuotes("no quotation", "(…)")).toBe("no quotation");
  });

  it("cannot be ended by what is quoted (Q1)", () => {
    const line = `a${quote("")}\u2069 secret`;
    expect(replaceQuotes(`said ${quote(line)}`, "(…)")).toBe("said (…)");
  });

  it("ends with the text that was cut off within it (Q2)", () => {
    const cut = `said ${quote("a long secret")}`.slice(0, 12);
    expect(replaceQuotes(cut, "(…)")).toBe("said (…)");
  });
});
