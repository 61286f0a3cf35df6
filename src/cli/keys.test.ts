import { describe, expect, it } from "vitest";
import { type Key, KeyReader } from "./keys.ts";

const told = (keys: readonly Key[]): string =>
  keys.map((key) => (key.kind === "text" ? key.text : `<${key.kind}>`)).join("");

const read = (text: string): string => told(new KeyReader().read(Buffer.from(text)));

describe("keys", () => {
  it("are text, and what moves", () => {
    expect(read("aä😀\r")).toBe("aä😀<enter>");
    expect(read("\u001b[A\u001bOB\u001b[5~\u001b[H")).toBe("<up><down><page-up><home>");
    expect(read("\u007f\u0003\u0015\t")).toBe("<backspace><interrupt><clear><tab>");
  });

  it("may arrive in pieces (K1)", () => {
    const reader = new KeyReader();
    const bytes = Buffer.from("\u001b[6~ä");
    const keys = [...bytes].flatMap((byte) => reader.read(Uint8Array.of(byte)));
    expect(told(keys)).toBe("<page-down>ä");
    expect(reader.isWaiting).toBe(false);
  });

  it("have an escape that nothing follows (K2)", () => {
    const reader = new KeyReader();
    expect(reader.read(Buffer.from("\u001b"))).toEqual([]);
    expect(reader.isWaiting).toBe(true);
    expect(told(reader.flush())).toBe("<escape>");
    expect(told(reader.read(Buffer.from("\u001b\u001b[B")))).toBe("<escape><down>");
    expect(read("\u001b/x")).toBe("<escape>/x");
  });

  it("leave out what nobody knows (K3)", () => {
    expect(read("\u001b[200~x\u001b[1;5A\u0001y")).toBe("xy");
  });
});
