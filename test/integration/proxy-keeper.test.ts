/** The end of the proxy is told at once, by the line that its keeper holds; what we end is not. */
import { join } from "node:path";
import { expect, test } from "vitest";
import { ProxyKeeper, ProxyRouter } from "../../src/platform/index.ts";
import { hasPid } from "../../src/system/index.ts";
import { temporaryFolder } from "../afterwards.ts";
import { until } from "../until.ts";

test("a proxy that is killed is told of without a look, each time anew", async () => {
  await using bench = new KeeperBench();
  for (const count of [1, 2]) {
    const { pid, isNew } = await bench.keeper.ensure(8000);
    expect(isNew).toBe(true);
    process.kill(pid, "SIGKILL");
    await until(() => bench.gone === count);
    expect(bench.keeper.process).toBeUndefined();
  }
});

test("nothing is told of a proxy that was replaced, stopped or let go", async () => {
  await using bench = new KeeperBench();
  const first = await bench.keeper.ensure(8000);
  process.kill(first.pid, "SIGSTOP");
  const second = await bench.keeper.replace(8000);
  expect(second.pid).not.toBe(first.pid);
  await bench.keeper.stop();
  await until(() => !hasPid(second.pid));
  const third = await bench.keeper.ensure(8000);
  bench.keeper.release();
  process.kill(third.pid, "SIGKILL");
  await until(() => bench.keeper.process === undefined);
  await new Promise((resolve) => setTimeout(resolve, 300));
  expect(bench.gone).toBe(0);
});

test("a proxy that hangs is ended by stop, and replaced also by a keeper that never knew it", async () => {
  await using bench = new KeeperBench();
  const first = await bench.keeper.ensure(8000);
  process.kill(first.pid, "SIGSTOP");
  await using successor = bench.successor();
  const second = await successor.keeper.replace(8000);
  expect(second.pid).not.toBe(first.pid);
  expect(hasPid(first.pid)).toBe(false);
  process.kill(second.pid, "SIGSTOP");
  await successor.keeper.stop();
  await until(() => successor.keeper.process === undefined);
}, 30_000);

class KeeperBench implements AsyncDisposable {
  readonly keeper: ProxyKeeper;
  gone = 0;
  readonly #folder: string;
  readonly #stack = new DisposableStack();

  constructor(folder?: string) {
    this.#folder = folder ?? temporaryFolder("keeper");
    const socketPath = join(this.#folder, "proxy.sock");
    const paths = { socketPath, logPath: join(this.#folder, "proxy.log") };
    this.keeper = new ProxyKeeper(new ProxyRouter(socketPath), paths, () => (this.gone += 1));
  }

  /** The next daemon's, over the same socket. */
  successor(): KeeperBench {
    return new KeeperBench(this.#folder);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.keeper.release();
    const { process: living } = this.keeper;
    if (living) process.kill(living.pid, "SIGKILL");
    await until(() => this.keeper.process === undefined);
    this.#stack.dispose();
  }
}
