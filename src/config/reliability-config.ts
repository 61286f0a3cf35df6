/**
 * `.reliability-config.json`, in its own words, as a part of the fleet file. What concerns the
 * in-process engine alone leaves no trace here: `engine-entries.ts` reads it.
 */
import { type Mode, modes, strictest } from "../kernel/index.ts";
import { mergeTrees } from "./merge.ts";
import type { ConfigProblem } from "./problem.ts";
import { duration, fraction, oneOf, record, yesOrNo } from "./schema-values.ts";
import { type MapTree, memberOf, plainOf, type ScalarTree, type Tree, treeAt } from "./tree.ts";
import { problemsOf } from "./validate.ts";

/** `production` is what others call full. */
const engineModes = ["production", "monitoring", "development", ...modes] as const;

export const reliabilityConfigSchema = record({
  engine: record({
    mode: oneOf(engineModes),
    autoRecover: yesOrNo,
    silentErrorDetection: yesOrNo,
    predictiveMonitoring: yesOrNo,
  })
    .partial()
    .optional(),
  integration: record({
    wrapExistingServices: yesOrNo,
    enhanceExistingMonitors: yesOrNo,
    unifiedDashboard: yesOrNo,
  })
    .partial()
    .optional(),
  thresholds: record({
    errorRate: fraction(),
    responseTime: duration,
    memoryUsage: fraction(),
    cpuUsage: fraction(),
  })
    .partial()
    .optional(),
});

const thresholdKeys: Readonly<Record<string, string>> = {
  errorRate: "error_rate",
  responseTime: "response_time",
  memoryUsage: "memory_usage",
  cpuUsage: "cpu_usage",
};

export interface Translated {
  readonly tree: MapTree;
  readonly problems: readonly ConfigProblem[];
}

/** The values keep their places in the file they are from. */
export function fromReliabilityConfig(tree: MapTree): Translated {
  let fleet: MapTree = { kind: "map", members: new Map(), origin: tree.origin };
  const problems = reliabilityConfigProblems(tree);
  if (problems.length > 0) return { tree: fleet, problems };
  const put = (path: readonly string[], value: Tree): void => {
    fleet = mergeTrees(fleet, treeAt(path, value));
  };
  const engine = memberOf(tree, "engine");
  const mode = memberOf(engine, "mode");
  if (mode?.kind === "scalar") put(["mode"], { ...mode, value: engineModeOf(String(mode.value)) });
  const recovers = memberOf(engine, "autoRecover");
  if (isFalse(recovers)) put(["mode"], { ...recovers, value: "monitor" });
  const predicts = memberOf(engine, "predictiveMonitoring");
  if (isFalse(predicts)) {
    put(["detection", "exhaustion_lead"], { ...predicts, value: "0s" });
    put(["detection", "disk_full_within"], { ...predicts, value: "0s" });
  }
  for (const [theirs, ours] of Object.entries(thresholdKeys)) {
    const value = memberOf(memberOf(tree, "thresholds"), theirs);
    if (value !== undefined) put(["detection", "thresholds", ours], value);
  }
  return { tree: fleet, problems: [] };
}

export function reliabilityConfigProblems(tree: MapTree): readonly ConfigProblem[] {
  const parsed = reliabilityConfigSchema.safeParse(plainOf(tree));
  return parsed.success ? [] : problemsOf(tree, [], parsed.error.issues);
}

/** What `engine.mode` means. */
export function engineModeOf(word: string): Mode {
  if (word === "production") return "full";
  if (word === "monitoring" || word === "development") return "monitor";
  return strictest("full", word as Mode);
}

function isFalse(tree: Tree | undefined): tree is ScalarTree {
  return tree?.kind === "scalar" && tree.value === false;
}

/** JSON as people write it: lines that begin with `//` are blanked, so that places stay right. */
export function withoutLineComments(text: string): string {
  return text.replaceAll(/^[ \t]*\/\/.*$/gm, (line) => " ".repeat(line.length));
}
