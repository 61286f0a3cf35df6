// The request generator of the shop, and the witness of what happened to it.
//   node generator.js --ledger FILE [--targets JSON] [--rate 20] [--seconds 60] [--seed 1]
//     [--timeout 2000]
//   node generator.js --verify --ledger FILE [--targets JSON] [--wait 30]
// Targets may also come from the environment (TARGETS); without any, the front doors are used.
// It prints one JSON object. `--verify` exits 1 when anything is lost, duplicated, wrong or
// unreadable.
import { parseArgs } from "node:util";
import { readTargets, runLoad, verifyLedger } from "./load.js";

const { values } = parseArgs({
  options: {
    ledger: { type: "string" },
    targets: { type: "string" },
    rate: { type: "string", default: "20" },
    seconds: { type: "string", default: "60" },
    seed: { type: "string", default: "1" },
    run: { type: "string" },
    timeout: { type: "string", default: "2000" },
    verify: { type: "boolean", default: false },
    wait: { type: "string", default: "30" },
  },
});

function positive(name) {
  const value = Number(values[name]);
  if (!(value >= 0 && value < 1e9)) throw new Error(`--${name} must be a number`);
  return value;
}

async function main() {
  if (values.ledger === undefined) throw new Error("--ledger FILE is missing");
  const targets = readTargets(values.targets ?? process.env.TARGETS);
  const ledgerFile = values.ledger;
  if (values.verify) {
    const report = await verifyLedger({ targets, ledgerFile, waitMs: positive("wait") * 1_000 });
    const bad = report.lost + report.duplicated + report.wrong + report.unreadable;
    if (bad > 0) process.exitCode = 1;
    return report;
  }
  const stop = new AbortController();
  process.once("SIGTERM", () => stop.abort());
  process.once("SIGINT", () => stop.abort());
  return runLoad({
    targets,
    ledgerFile,
    ratePerSecond: positive("rate"),
    seconds: positive("seconds"),
    seed: positive("seed"),
    timeoutMs: positive("timeout"),
    ...(values.run === undefined ? {} : { run: values.run }),
    signal: stop.signal,
  });
}

try {
  console.log(JSON.stringify(await main()));
} catch (error) {
  console.error(error.message);
  process.exitCode = 2;
}
