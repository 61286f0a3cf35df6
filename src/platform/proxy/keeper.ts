/**
 * The proxy process as the daemon knows it: which one answers, and starting one when none does.
 * It only does what an effector or the start of the daemon asks of it.
 */
import type { ProcessIdentity } from "../../model/index.ts";
import { isAlive, processIdentity, realClock, socketHolder } from "../../system/index.ts";
import type { ProxyRouter } from "./client.ts";
import { type ProxyPaths, startProxy } from "./start-proxy.ts";

const stopMs = 2000;
const deafAfterMs = 500;
/** Between the end of its connections and that of the process itself. */
const lastBreath = { tries: 50, pauseMs: 2 };

export class ProxyKeeper {
  readonly router: ProxyRouter;
  readonly #paths: ProxyPaths;
  #process: ProcessIdentity | undefined;
  #isBeingReplaced = false;
  readonly #gone: () => void;
  #lifeline: { readonly pid: number; readonly release: () => void } | undefined;

  /** `gone` is called at once when the proxy has ended and nobody here asked it to. */
  constructor(router: ProxyRouter, paths: ProxyPaths, gone: () => void) {
    this.router = router;
    this.#paths = paths;
    this.#gone = gone;
  }

  /** The proxy that answered last, if it lives. */
  get process(): ProcessIdentity | undefined {
    return this.#process && isAlive(this.#process) ? this.#process : undefined;
  }

  /** Takes over the proxy that answers, or starts one. Rejects when none answers in the end. */
  async ensure(timeoutMs: number): Promise<{ readonly pid: number; readonly isNew: boolean }> {
    const running = await this.#answering();
    if (running !== undefined) return { pid: running, isNew: false };
    const deaf = socketHolder(this.#paths.socketPath);
    // Another one would end itself: the socket is taken.
    if (deaf) throw new Error(`the proxy, pid ${deaf.pid}, does not answer`);
    if (startProxy(this.#paths) === undefined) throw new Error("the proxy could not be started");
    const deadlineMs = realClock.now().monotonicMs + timeoutMs;
    for (
      let pauseMs = 2;
      realClock.now().monotonicMs < deadlineMs;
      pauseMs = Math.min(50, pauseMs * 2)
    ) {
      await new Promise((resolve) => setTimeout(resolve, pauseMs));
      const pid = await this.#answering();
      if (pid !== undefined) return { pid, isNew: true };
    }
    throw new Error(`the proxy did not answer within ${timeoutMs} ms; see ${this.#paths.logPath}`);
  }

  /** Ends it in order; requests in flight get a moment. One that does not answer is killed. */
  async stop(): Promise<void> {
    this.release();
    const { process: living } = this;
    if (living === undefined) return;
    try {
      await this.router.stop(stopMs);
    } catch {
      // It hangs, or it has just gone; the kernel knows which.
      killProcess(living);
    }
  }

  /** While it is being replaced, nothing that is seen of it means anything. */
  get isBeingReplaced(): boolean {
    return this.#isBeingReplaced;
  }

  /**
   * Like `ensure`, but one that lives and does not answer soon is ended first: also one that has
   * never answered us, whom the kernel knows by its socket.
   */
  async replace(timeoutMs: number): Promise<{ readonly pid: number; readonly isNew: boolean }> {
    this.#isBeingReplaced = true;
    try {
      const living = this.process ?? socketHolder(this.#paths.socketPath);
      const deaf = new Promise<undefined>((resolve) => {
        setTimeout(() => resolve(undefined), deafAfterMs);
      });
      const answer = living && (await Promise.race([this.#answering(), deaf]));
      if (living && answer === undefined) killProcess(living);
      return await this.ensure(timeoutMs);
    } finally {
      this.#isBeingReplaced = false;
    }
  }

  /** Lets go of the proxy, which runs on. */
  release(): void {
    this.#lifeline?.release();
    this.#lifeline = undefined;
  }

  async #answering(): Promise<number | undefined> {
    const pid = await this.router.pid();
    if (pid === undefined) return undefined;
    this.#process = processIdentity(pid);
    if (this.#lifeline?.pid !== pid) this.#hold(pid);
    return pid;
  }

  #hold(pid: number): void {
    this.release();
    const release = this.router.lifeline(() => void this.#lineEnded(pid));
    this.#lifeline = { pid, release };
  }

  /** A line that ends while the process lives on says nothing: the next look finds out. */
  async #lineEnded(pid: number): Promise<void> {
    if (this.#lifeline?.pid === pid) this.#lifeline = undefined;
    for (let left = lastBreath.tries; left > 0 && this.process !== undefined; left -= 1) {
      await new Promise((resolve) => setTimeout(resolve, lastBreath.pauseMs));
    }
    const isAnother = this.#lifeline !== undefined;
    if (this.process === undefined && !isAnother && !this.#isBeingReplaced) this.#gone();
  }
}

/** That very process and no other; one that is gone is as it should be. */
function killProcess(identity: ProcessIdentity): void {
  if (!isAlive(identity)) return;
  try {
    process.kill(identity.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}
