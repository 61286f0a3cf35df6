/** `soulmirror vault status`: what the agent of a vault does, and how the vault is. */
import {
  type AgentState,
  readDumpNotes,
  stateOf,
  streamReaches,
  vaultFolder,
} from "../../custodian/index.ts";
import { formatDuration } from "../../kernel/index.ts";
import { hasTrail } from "../../platform/vault-proof/index.ts";
import { realClock } from "../../system/index.ts";
import type { VaultState } from "../../vault/index.ts";
import type { Run } from "../command.ts";
import { counted } from "../counted.ts";
import { plainLines } from "../plain-text.ts";
import type { Style } from "../style.ts";
import { askRunning } from "./ask-running.ts";
import { chosenVault } from "./chosen-vault.ts";
import { areDatabasesWell, tellKeptDatabases } from "./tell-kept-databases.ts";

/** Of what was healed of late, the last ones; `--json` has all. */
const shownMax = 10;

const toldForMs = 86_400_000;

/** While it waits, it has no more to tell. */
type Told = Pick<AgentState, "pid" | "phase" | "reason"> & Partial<AgentState>;

export const status: Run = async (context) => {
  const { out, place } = context;
  const spec = chosenVault(context);
  const folder = vaultFolder(place.dataPath, spec.name);
  const known = await stateOf(folder);
  const isMade = hasTrail(folder);
  const databases = {
    dumps: (await readDumpNotes(folder)).filter(({ name }) => name in spec.dumps),
    reaches: await streamReaches(folder, Object.keys(spec.streams)),
    streams: known?.streams ?? [],
  };
  const { dumps, reaches } = databases;
  const answer = await askRunning(spec, place, { do: "status" });
  const agent = answer.kind === "done" ? (answer.value as Told) : undefined;
  const last = known?.runs.at(-1);
  const isWhole = last === undefined || last.verdict === "good";
  const isAtWork = agent !== undefined && !unwell.has(agent.phase);
  const told = { agent: agent ?? null, known: known ?? null, dumps, streams: reaches };
  out.show({ vault: spec.name, ...told }, (style) =>
    [
      ...tellAgent(agent, style),
      ...tellKnown(known, isMade, style),
      ...tellKeptDatabases(databases, style),
      ...tellFrozen(agent?.retention?.frozen ?? frozenOf(known), style),
    ].join("\n"),
  );
  return isAtWork && isWhole && areDatabasesWell(databases) ? 0 : 1;
};

const unwell: ReadonlySet<Told["phase"]> = new Set(["waiting", "failing", "frozen"]);

function tellAgent(agent: Told | undefined, style: Style): readonly string[] {
  if (agent === undefined) {
    return [`${style.paint("red", "No agent")} protects it; \`soulmirror up\` runs it.`];
  }
  const { away = [], outcomes = [], phase, pid, places = [] } = agent;
  const { missing = [], reason, snapshot, waiting = 0 } = agent;
  const sinceMs = realClock.now().wallMs - toldForMs;
  const colour = unwell.has(phase) ? "red" : "green";
  const why = reason === "" ? "" : `: ${plainLines(reason)}`;
  return [
    `Agent ${pid} is ${style.paint(colour, phase)}${why}`,
    ...(snapshot === undefined
      ? []
      : [`Last snapshot ${snapshot.id.slice(0, 8)}, ${ago(snapshot.atMs)}`]),
    ...places.map((each) =>
      each.holds
        ? `  held by ${each.location}`
        : style.paint("yellow", `  not by ${each.location}: ${plainLines(each.reason)}`),
    ),
    ...away.map((each) => style.paint("yellow", plainLines(`${each}; kept as it was`, "  "))),
    ...(waiting === 0 ? [] : [`${counted(waiting, "path")} missing, not back yet:`]),
    ...missing.map((path) => plainLines(path, "  ")),
    ...outcomes
      .filter(({ atMs, kind }) => kind === "healed" && atMs > sinceMs)
      .slice(-shownMax)
      .map(({ atMs, kind, path, sentence }) =>
        plainLines(`${kind} ${ago(atMs)}: ${path}: ${sentence}`, "  "),
      ),
  ];
}

function tellKnown(
  known: VaultState | undefined,
  isMade: boolean,
  style: Style,
): readonly string[] {
  if (known === undefined && !isMade) {
    return ["It was not begun on this machine: `soulmirror vault init` makes it, once."];
  }
  if (known === undefined) return ["There was no backup yet."];
  const { damage, drills, lastGood, losses, runs } = known;
  const [drill, run] = [drills.at(-1), runs.at(-1)];
  return [
    lastGood === undefined ? "No good backup yet" : `Last good backup ${ago(lastGood.at)}`,
    ...(run === undefined || run.verdict === "good"
      ? []
      : [style.paint("yellow", plainLines(`Last backup ${ago(run.at)}: ${saidOf(run)}`))]),
    ...(drill === undefined
      ? []
      : [`Last drill ${ago(drill.at)}: ${drill.isProven ? "proven" : plainLines(drill.reason)}`]),
    ...losses.map(({ kind, path, reason }) => {
      const what = kind === "asked" ? "Asked" : "Missing, not back yet";
      return plainLines(`${what}: ${path}: ${reason}`);
    }),
    ...damage.map(({ id, kind, location }) => `Damaged: ${location}: ${kind} ${id}`),
  ];
}

function saidOf({ reason, verdict }: VaultState["runs"][number]): string {
  return reason === "" ? verdict : `${verdict}: ${reason}`;
}

function frozenOf(known: VaultState | undefined): readonly string[] {
  return (known?.frozen ?? []).map(({ reason }) => reason);
}

function tellFrozen(reasons: readonly string[], style: Style): readonly string[] {
  if (reasons.length === 0) return [];
  return [
    style.paint("yellow", "No snapshot is forgotten, because"),
    ...reasons.slice(0, shownMax).map((reason) => plainLines(`  ${reason}`)),
    "When that is as it should be: soulmirror vault prune --accept.",
  ];
}

function ago(atMs: number): string {
  return `${formatDuration(Math.max(0, Math.round(realClock.now().wallMs - atMs)))} ago`;
}
