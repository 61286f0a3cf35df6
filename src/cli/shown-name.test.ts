import { describe, expect, it } from "vitest";
import { rawPathOfBytes, rawPathOfText } from "../vault/index.ts";
import { shownName } from "./shown-name.ts";

const ofText = (text: string): string => shownName(rawPathOfText(text));
const ofBytes = (bytes: string): string => shownName(rawPathOfBytes(Buffer.from(bytes, "latin1")));

describe("a name on a terminal", () => {
  it("is itself where it is text", () => {
    expect(ofText("/häuser/東京 😀.txt")).toBe("/häuser/東京 😀.txt");
  });

  it("drives nothing", () => {
    expect(ofText("a\u001b[2Jb\nc\u009b\u0007")).toBe("a\\x1b[2Jb\\x0ac\\u{9b}\\x07");
    expect(ofText("gpj.\u202eexe")).toBe("gpj.\\u{202e}exe");
    expect(ofText("a\u2028b\u200bc")).toBe("a\\u{2028}b\\u{200b}c");
  });

  it("shows bytes that are no text, and the text beside them", () => {
    expect(ofBytes("\xff\xc3\xa4\xc3.txt")).toBe("\\xffä\\xc3.txt");
    expect(ofBytes("\xed\xa0\x80")).toBe("\\xed\\xa0\\x80");
    // The character that stands for what cannot be read may be in a name itself.
    expect(ofText("\ufffd")).toBe("\\xef\\xbf\\xbd");
  });
});
