/** Every `soulmirror engine` line with bad input gets its place, its value and a fix. */
import { describe, expect, it } from "vitest";
import { type ErrorCode, SoulMirrorError } from "../kernel/index.ts";
import { type EngineOrder, engineOrder } from "./engine-order.ts";
import { readOptions } from "./options.ts";

function order(line: string, options: Readonly<Record<string, unknown>> = {}): EngineOrder {
  return engineOrder({ args: line.split(" ").filter(Boolean), options: readOptions(options) });
}

function refusal(run: () => unknown): readonly [ErrorCode, string, string | undefined] {
  try {
    run();
  } catch (error) {
    if (error instanceof SoulMirrorError) return [error.code, error.message, error.fix];
    throw error;
  }
  throw new Error("it was taken");
}

const long = "x".repeat(201);
const tooLong = "201 characters are too many";
const below = (least: string, what = "mail.send"): string =>
  `write ${least} or more, or refuse all calls: soulmirror engine isolate shop ${what} --reason "..."`;

const refusals: readonly (readonly [string, object, string, string | RegExp])[] = [
  ["list shop", {}, 'list takes no service, not "shop"', /engine show shop/],
  ["list", { for: "1h" }, "list takes no --for", "leave it out"],
  ["show", {}, "whose engine to show is not said", /lists them/],
  ["show shop mail", {}, 'show takes a service alone, not "mail"', /leave it out/],
  ["show shop", { timeout: "5s" }, "show takes no --timeout", /limit/],
  [`show ${long}`, {}, `SERVICE: ${tooLong}`, /200/],
  ["isolat shop mail", {}, 'there is no "isolat" of engines', 'did you mean "isolate"?'],
  ["mode", {}, "whose engine to mode is not said", /SERVICE/],
  ["mode shop", {}, "what to mode is not said", /SERVICE MODE;/],
  ["mode shop loud", {}, 'there is no mode "loud"', /one of off, .* or own/],
  ["mode shop full", { for: "30" }, "--for: 30 has no unit", "write 30s or 30000ms"],
  ["mode shop full", { for: "soon" }, '--for: "soon" is no duration', /10m/],
  ["mode shop full", { for: "0" }, "--for: 0 is below 1 s", "write 1 s or more"],
  ["mode shop full", { for: "31d" }, "--for: 31d is above 30 d", "write 30 d or less"],
  ["mode shop full", { reason: long }, `--reason: ${tooLong}`, /200/],
  ["mode shop full", { reason: "" }, '--reason: "" says nothing', /write/],
  ["mode shop full", { rate: "5" }, "mode takes no --rate", /limit/],
  ["isolate shop", {}, "what to isolate is not said", /SERVICE OPERATION;/],
  ["isolate shop mail", {}, "why it is isolated is not said", /--reason/],
  [`isolate shop ${long}`, { reason: "why" }, `OPERATION: ${tooLong}`, /200/],
  ["isolate shop mail", { reason: "why", timeout: "5s" }, "isolate takes no --timeout", /limit/],
  ["release shop", {}, "what to release is not said", /OPERATION/],
  ["prefer shop", {}, "what to prefer is not said", /PROVIDER/],
  ["eject shop", {}, "what to eject is not said", /PROVIDER/],
  [`eject shop ${long}`, {}, `PROVIDER: ${tooLong}`, /200/],
  ["readmit shop", {}, "what to readmit is not said", /PROVIDER/],
  ["unlimit shop", {}, "what to unlimit is not said", /OPERATION/],
  ["limit shop", {}, "what to limit is not said", /OPERATION/],
  ["limit shop mail.send", {}, "which limit is not said", /--timeout 5s/],
  ["limit shop mail.send", { timeout: "5" }, "--timeout: 5 has no unit", "write 5s or 5000ms"],
  ["limit shop mail.send", { timeout: "0" }, "--timeout: 0 is below 100 ms", below("100 ms")],
  ["limit shop mail.send", { timeout: "50ms" }, "--timeout: 50ms is below 100 ms", below("100 ms")],
  ["limit shop mail.send", { timeout: "2h" }, "--timeout: 2h is above 1 h", "write 1 h or less"],
  ["limit shop mail.send", { timeout: "" }, '--timeout: "" is no duration', /500ms/],
  ["limit shop mail", { concurrency: "0" }, "--concurrency: 0 is below 1", below("1", "mail")],
  [
    "limit shop mail",
    { concurrency: "1.5" },
    '--concurrency: "1.5" is not a whole number of calls at once',
    "write --concurrency 20",
  ],
  ["limit shop mail", { concurrency: "100001" }, "--concurrency: 100001 is above 100000", /less/],
  ["limit shop mail", { rate: "" }, '--rate: "" is not a number of calls per second', /--rate 20/],
  ["limit shop mail", { rate: "0x10" }, '--rate: "0x10" is not a number of calls per second', /20/],
  ["limit shop mail", { rate: "0.01" }, "--rate: 0.01 is below 0.1", below("0.1", "mail")],
  ["limit shop mail", { rate: "9999999" }, "--rate: 9999999 is above 1000000", /less/],
];

describe("bad input", () => {
  it.each(refusals)("engine %s %j", (...[line, options, message, fix]) => {
    const told = refusal(() => order(line, options as Readonly<Record<string, unknown>>));
    const matching = typeof fix === "string" ? fix : (expect.stringMatching(fix) as string);
    expect(told).toEqual(["BAD_REQUEST", message, matching]);
  });
});

describe("good input", () => {
  it.each([
    ["", {}, { what: "list" }],
    ["show shop", {}, { what: "show", service: "shop" }],
    ["mode all own", {}, { what: "mode", service: "all", body: { mode: null } }],
    [
      "limit shop mail",
      { timeout: "150", concurrency: "5", rate: "0.5", for: "30m", unseen: true },
      {
        what: "limit",
        service: "shop",
        body: {
          forMs: 1_800_000,
          unseen: true,
          limit: { operation: "mail", timeoutMs: 150, concurrency: 5, perSecond: 0.5 },
        },
      },
    ],
    [
      "isolate shop mail",
      { reason: "why" },
      {
        what: "isolate",
        service: "shop",
        body: { reason: "why", isolate: { operation: "mail", reason: "why" } },
      },
    ],
    ["eject shop llm:one", {}, { what: "eject", service: "shop", body: { eject: "llm:one" } }],
  ] as const)("engine %s %j", (line, options, expected) => {
    expect(order(line, options)).toEqual(expected);
  });
});
