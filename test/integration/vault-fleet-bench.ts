/**
 * A real daemon over a fleet that has a vault, the command line beside it, and all ended behind.
 */
import { execFile } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { AgentState } from "../../src/custodian/index.ts";
import type { ProcessIdentity } from "../../src/model/index.ts";
import {
  type AgentAnswer,
  agentSocketName,
  askAgent,
} from "../../src/platform/vault-agent/index.ts";
import { isAlive, openDataDirectory } from "../../src/system/index.ts";
import { textOfVaultState, type VaultState, vaultStateOfText } from "../../src/vault/index.ts";
import { found } from "../until.ts";
import type { Ended } from "./cli-bench.ts";
import { FleetBench, type FleetText } from "./fleet-bench.ts";

const program = fileURLToPath(new URL("../../bin/soulmirror.js", import.meta.url));
const run = promisify(execFile);

export const coins = "what nobody else knows";

/** While it waits, it has no more to tell. */
export type ToldAgent = Pick<AgentState, "phase" | "pid" | "reason"> & Partial<AgentState>;

export class VaultFleet implements AsyncDisposable {
  readonly bench: FleetBench = new FleetBench();

  /** A vault is made and protected by the agent that the daemon runs. */
  static async up(vault: FleetText = {}, services: FleetText = {}): Promise<VaultFleet> {
    const fleet = new VaultFleet();
    try {
      fleet.write("source/production/ledger", "one");
      fleet.declare(vault, services);
      const made = await fleet.vault("init");
      if (made.code !== 0) throw new Error(made.err);
      await fleet.bench.start({ COINS: coins });
      await fleet.agent(({ phase }) => phase === "resting", "it rests");
      return fleet;
    } catch (error) {
      await fleet[Symbol.asyncDispose]();
      throw error;
    }
  }

  declare(vault: FleetText = {}, services: FleetText = {}): void {
    const treasure = {
      sources: ["./source"],
      categories: { critical: ["production/**"] },
      locations: ["./first", "./second"],
      passphrase: { env: "COINS" },
      ...vault,
    };
    this.bench.declare({
      detection: { watch: "600ms", verify_deadline: "60s", correlate: "5s" },
      services,
      vaults: { treasure },
    });
  }

  path(...names: readonly string[]): string {
    return join(this.bench.folder, ...names);
  }

  write(name: string, text: string): void {
    mkdirSync(join(this.path(name), ".."), { recursive: true });
    writeFileSync(this.path(name), text);
  }

  async command(...words: readonly string[]): Promise<Ended> {
    const place = ["-c", this.bench.fleetFile, "--data", this.bench.data];
    const env = { ...process.env, COINS: coins, TMPDIR: this.path("tmp") };
    try {
      const { stdout, stderr } = await run(process.execPath, [program, ...place, ...words], {
        env,
      });
      return { code: 0, out: stdout, err: stderr };
    } catch (error) {
      const { code, stderr, stdout } = error as { code: number; stdout: string; stderr: string };
      return { code, out: stdout, err: stderr };
    }
  }

  vault(...words: readonly string[]): Promise<Ended> {
    return this.command("vault", ...words);
  }

  /** Until what it says of itself is so. */
  async agent(holds: (told: ToldAgent) => boolean, what: string): Promise<ToldAgent> {
    const socket = openDataDirectory(this.bench.data).socket(agentSocketName("treasure"));
    let told: AgentAnswer | undefined;
    const look = async (): Promise<ToldAgent | undefined> => {
      told = await askAgent(socket, { do: "status" }, AbortSignal.timeout(20_000));
      const said = told.kind === "done" ? (told.value as ToldAgent) : undefined;
      return said !== undefined && holds(said) ? said : undefined;
    };
    return await found(look, { limitMs: 90_000, everyMs: 100, what, seen: () => told });
  }

  get state(): VaultState {
    const read = vaultStateOfText(readFileSync(this.#statePath, "utf8"));
    if (!read.ok) throw new Error(read.error);
    return read.value;
  }

  /** As if the past had been another one. */
  set state(state: VaultState) {
    writeFileSync(`${this.#statePath}.new`, textOfVaultState(state));
    renameSync(`${this.#statePath}.new`, this.#statePath);
  }

  get #statePath(): string {
    return join(this.bench.data, "vault", "treasure", "state.json");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.command("down");
    for (const each of this.#noted()) if (isAlive(each)) process.kill(each.pid, "SIGKILL");
    await this.bench[Symbol.asyncDispose]();
  }

  /** What `down` could not end, known by the notes of the daemon. */
  #noted(): readonly ProcessIdentity[] {
    const folder = join(this.bench.data, "run");
    return readdirSync(folder)
      .filter((name) => name.endsWith(".run.json"))
      .flatMap((name) => {
        const { runs } = JSON.parse(readFileSync(join(folder, name), "utf8")) as {
          readonly runs: readonly { readonly process: ProcessIdentity }[];
        };
        return runs.map((each) => each.process);
      });
  }
}
