/**
 * Figures one after another: each has a folder of its own and ends what it started. What is missed
 * is printed as it is.
 */
import { writeFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import type { Figure } from "./figure.ts";
import { type FigureRow, renderTable } from "./render-table.ts";
import { short } from "./spread.ts";

export interface Order {
  readonly figures: readonly Figure[];
  /** Names with commas between them; without it, all. */
  readonly only?: string | undefined;
  readonly quick: boolean;
  /** A file for the rows, with the numbers behind them. */
  readonly json?: string | undefined;
  /** Takes away what several figures share, also when the run is interrupted. */
  ending(): Promise<void>;
}

/** Returns the exit code: 1 when anything is missed, 2 when there is no such figure. */
export async function runFigures(order: Order): Promise<number> {
  const figures = chosen(order);
  if (figures === undefined) return 2;
  return await new Run(order).all(figures);
}

function chosen({ figures, only }: Order): readonly Figure[] | undefined {
  if (only === undefined) return figures;
  const names = only.split(",");
  const unknown = names.find((name) => !figures.some((figure) => figure.name === name));
  if (unknown === undefined) return figures.filter(({ name }) => names.includes(name));
  console.error(`there is no figure ${unknown}: ${figures.map(({ name }) => name).join(" ")}`);
  return undefined;
}

class Run {
  readonly #order: Order;
  #underWay: AsyncDisposableStack | undefined;
  #leaving: Promise<void> | undefined;

  constructor(order: Order) {
    this.#order = order;
    for (const signal of ["SIGINT", "SIGTERM"] as const) {
      process.once(signal, () => {
        this.#leaving ??= this.#leave(signal === "SIGINT" ? 130 : 143);
      });
    }
  }

  async all(figures: readonly Figure[]): Promise<number> {
    const { json, quick } = this.#order;
    const rows: FigureRow[] = [];
    for (const figure of figures) rows.push(...(await this.#measure(figure)));
    await this.#order.ending();
    showProgress("");
    console.log(`\n${renderTable(rows)}\n`);
    console.log(circumstances(quick));
    if (json !== undefined) {
      const said = { circumstances: circumstances(quick), rows };
      writeFileSync(json, `${JSON.stringify(said, null, 2)}\n`);
    }
    return rows.some(({ reached }) => reached === false) ? 1 : 0;
  }

  async #measure(figure: Figure): Promise<readonly FigureRow[]> {
    const { name, title } = figure;
    const { quick } = this.#order;
    const sinceMs = performance.now();
    await using teardown = new AsyncDisposableStack();
    this.#underWay = teardown;
    const folder = await mkdtemp(join(tmpdir(), `soulmirror-bench-${name}-`));
    teardown.defer(() => rm(folder, { recursive: true, force: true }));
    const progress = (text: string): void => showProgress(`${name}: ${text}`);
    try {
      const found = await figure.run({ quick, folder, teardown, progress });
      showProgress("");
      console.log(`${name}: ${title} (${short((performance.now() - sinceMs) / 1000)} s)`);
      for (const { what, measured, reached } of found) {
        console.log(`  ${reached === false ? "MISSED " : ""}${what}: ${measured}`);
      }
      return found.map((row) => ({ figure: name, ...row }));
    } catch (error) {
      // What it needs was taken from it: we are about to go.
      await this.#leaving;
      showProgress("");
      console.log(`${name}: ${title}: broke off: ${String(error)}`);
      const row = { what: title, mustReach: "", measured: `broke off: ${String(error)}` };
      return [{ figure: name, ...row, reached: false }];
    }
  }

  /** Interrupted: what is under way is ended, and nothing is said about it. */
  async #leave(exitCode: number): Promise<void> {
    try {
      await this.#underWay?.disposeAsync();
      await this.#order.ending();
    } finally {
      process.exit(exitCode);
    }
  }
}

function circumstances(quick: boolean): string {
  const load = loadavg().map(short).join(" ");
  const kind = quick ? "quick" : "full";
  return `${kind} run, Node ${process.versions.node}, ${availableParallelism()} cores, load ${load}`;
}

function showProgress(text: string): void {
  if (!process.stdout.isTTY) return;
  process.stdout.write(`\r\u001b[2K${text.slice(0, (process.stdout.columns ?? 80) - 1)}`);
}
