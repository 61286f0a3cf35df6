/**
 * A server's processor time per request, with the engine and without: the server has one core for
 * itself, the clients have another. Windows of all variants take turns; a variant and the raw
 * window of its turn are a pair. Two raw variants make the noise visible.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Result } from "autocannon";
import type { Bench, Figure, Row } from "../rig/figure.ts";
import { ratioInterval, tellInterval } from "../rig/ratio-interval.ts";
import { short, spreadOf, tellSpread } from "../rig/spread.ts";
import { endChild } from "../rig/start-app.ts";
import { type PackedProject, packedProject } from "./packed-project.ts";

const run = promisify(execFile);

const variants = ["raw", "again", "shadow", "full", "middleware"] as const;
type Variant = (typeof variants)[number];
const atMost: Partial<Record<Variant, number>> = { shadow: 1.02, full: 1.05, middleware: 1.05 };
const clients = 10;
const serversCore = "0";
const clientsCore = availableParallelism() > 1 ? "1" : "0";

interface Effort {
  /** Servers, one after another: what one process has by chance is not the engine's. */
  readonly processes: number;
  readonly turns: number;
  readonly requests: number;
}

const whole: Effort = { processes: 5, turns: 6, requests: 20_000 };
const quickly: Effort = { processes: 1, turns: 2, requests: 500 };

export const servers: Figure = {
  name: "servers",
  title: "processor time of a server per request",
  async run(bench) {
    if (clientsCore === serversCore) throw new Error("server and clients need a core each");
    const effort = bench.quick ? quickly : whole;
    const rows: Row[] = [];
    for (const framework of ["fastify", "trpc"] as const) {
      const project = await packedProject(bench);
      rows.push(
        ...rowsOf(framework, await processorCosts(bench, project, { framework, ...effort })),
      );
    }
    return rows;
  },
};

type Framework = "fastify" | "trpc";

/** Microseconds per request, turn by turn. */
type Costs = Record<Variant, number[]>;

export async function processorCosts(
  bench: Bench,
  project: PackedProject,
  effort: Effort & { readonly framework: Framework },
): Promise<Costs> {
  const { framework } = effort;
  const costs: Costs = { raw: [], again: [], shadow: [], full: [], middleware: [] };
  for (let number = 1; number <= effort.processes; number += 1) {
    const server = await startServer(bench, project, framework);
    for (const variant of variants) await server.window(variant, effort.requests);
    for (let turn = 0; turn < effort.turns; turn += 1) {
      bench.progress(`${framework}, server ${number}, turn ${turn + 1} of ${effort.turns}`);
      const first = turn % variants.length;
      for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
        costs[variant].push(await server.window(variant, effort.requests));
      }
    }
    await server.end();
  }
  return costs;
}

interface Server {
  /** Its processor time per request in microseconds, while clients ask so often. */
  window(variant: Variant, requests: number): Promise<number>;
  end(): Promise<void>;
}

async function startServer(
  { teardown }: Bench,
  project: PackedProject,
  framework: Framework,
): Promise<Server> {
  const words = ["-c", serversCore, process.execPath, project.program("serve"), framework];
  const child = spawn("taskset", words, {
    cwd: project.folder,
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  teardown.defer(() => endChild(child));
  const { port } = await said<{ port: number }>(child);
  const cpuUs = async (): Promise<number> => {
    const answer = said<{ cpuUs: number }>(child);
    child.send("cpu");
    return (await answer).cpuUs;
  };
  return {
    async window(variant, requests) {
      const before = await cpuUs();
      await askOften(project, `http://127.0.0.1:${port}/${variant}`, requests);
      return ((await cpuUs()) - before) / requests;
    },
    end: () => endChild(child),
  };
}

async function said<T>(child: ChildProcess): Promise<T> {
  const ended = new AbortController();
  const [answer] = (await Promise.race([
    once(child, "message", { signal: ended.signal }),
    once(child, "exit", { signal: ended.signal }).then(() => {
      throw new Error("the server ended");
    }),
  ]).finally(() => ended.abort())) as [T];
  return answer;
}

async function askOften({ folder }: PackedProject, url: string, requests: number): Promise<void> {
  const program = join(folder, "node_modules", "autocannon", "autocannon.js");
  const words = ["--json", "--no-progress", "-c", String(clients), "-a", String(requests), url];
  const { stdout } = await run("taskset", ["-c", clientsCore, process.execPath, program, ...words]);
  const found = JSON.parse(stdout) as Result;
  if (found["2xx"] !== requests || found.errors > 0 || found.non2xx > 0) {
    throw new Error(`${url}: ${found["2xx"]} of ${requests} answered, ${found.errors} errors`);
  }
}

function rowsOf(framework: string, costs: Costs): readonly Row[] {
  const raw: Row = {
    what: `${framework}: raw`,
    mustReach: "",
    measured: tellSpread(spreadOf(costs.raw), "µs of processor per request"),
  };
  const others = variants.slice(1).map((variant): Row => {
    const pairs = costs[variant].map((cost, turn) => cost / (costs.raw[turn] ?? Number.NaN));
    const interval = ratioInterval(pairs);
    const most = atMost[variant];
    const name = variant === "again" ? "raw against raw" : `${variant} against raw`;
    return {
      what: `${framework}: ${name}`,
      mustReach: most === undefined ? "" : `upper bound <= ${short(most)}`,
      measured: tellInterval(interval),
      ...(most === undefined ? {} : { reached: interval.high <= most }),
      spread: spreadOf(pairs),
    };
  });
  return [raw, ...others];
}
