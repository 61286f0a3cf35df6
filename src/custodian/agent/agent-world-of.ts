/** An agent's world of what the fleet file says of its vault, and of the vault as it was opened. */
import { join } from "node:path";
import type { VaultSpec } from "../../config/index.ts";
import { type JsonRecord, SoulMirrorError } from "../../kernel/index.ts";
import { createAttributeReader, createTreeSource } from "../../platform/tree/index.ts";
import { privateDirectory } from "../../system/index.ts";
import {
  type AuditKind,
  type Categories,
  compileCategories,
  isInside,
  type RawPath,
} from "../../vault/index.ts";
import { contentThreads } from "../content-threads.ts";
import type { OpenedVault } from "../open-vault.ts";
import { protectedTree } from "../protected-tree.ts";
import { VaultRecorder } from "../vault-recorder.ts";
import type { AgentLimits, AgentWorld } from "./agent-world.ts";

export interface WorldOptions {
  readonly spec: VaultSpec;
  readonly opened: OpenedVault;
  /** See `vaultFolder`. */
  readonly folder: string;
  /** It is left out of what is protected. */
  readonly dataFolder: string;
  readonly onNotice: (text: string) => void;
}

export interface OpenedWorld extends AsyncDisposable {
  readonly world: AgentWorld;
  readonly limits: Partial<AgentLimits>;
}

/** What is read in full: the configuration knows this category by its name. */
const criticalName = "critical";
const dayMs = 86_400_000;

/** @throws SoulMirrorError CONFIG_INVALID for a pattern that cannot be one */
export function openAgentWorld(options: WorldOptions): OpenedWorld {
  const { dataFolder, folder, onNotice, opened, spec } = options;
  const tree = protectedTree({ ...spec, dataFolder });
  for (const notice of tree.notices) onNotice(notice);
  const categories = categoriesOf(spec);
  const namesOf = (path: RawPath): readonly string[] => {
    const root = tree.sources.find((each) => isInside(path, each));
    if (root === undefined) return [];
    return categories.of(path.slice(root === "/" ? 1 : root.length + 1) as RawPath);
  };
  const recorder = new VaultRecorder(folder);
  const threads = contentThreads(opened, spec.limits.threads);
  const { check, schedule, scrubMs } = spec;
  return {
    world: {
      vault: opened.vault,
      leftOut: opened.leftOut,
      quorum: spec.quorum,
      dumps: spec.dumps,
      streams: spec.streams,
      keep: spec.keep,
      sources: tree.sources,
      source: createTreeSource(),
      threads,
      readAttributes: createAttributeReader({ warn: onNotice }),
      isExcluded: tree.isExcluded,
      excludes: spec.exclude,
      without: tree.without,
      // A path is of the first category that fits.
      policyAt: (path) => spec.heal[namesOf(path)[0] ?? ""] ?? "leave",
      isCritical: (path) => namesOf(path)[0] === criticalName,
      isWatched: spec.watch,
      folder: privateDirectory(join(folder, "agent")),
      vaultFolder: folder,
      record: async (kind, facts) => {
        onNotice(sentenceOf(kind, facts));
        await recorder.record(kind, facts);
      },
    },
    // What a calendar says is asked for by whoever has the calendar.
    limits: {
      scrubMs,
      scheduleMs: schedule.kind === "every" ? schedule.everyMs : dayMs,
      checkWithinMs: check.fullWithinMs,
      checkBytesPerSecond: check.bytesPerSecond,
    },
    async [Symbol.asyncDispose]() {
      await threads[Symbol.asyncDispose]();
      await recorder[Symbol.asyncDispose]();
    },
  };
}

function sentenceOf(kind: AuditKind, facts: JsonRecord): string {
  const { outcome, path, sentence } = facts;
  return [outcome ?? kind, path, sentence].filter((each) => typeof each === "string").join(": ");
}

function categoriesOf({ categories }: VaultSpec): Categories {
  const compiled = compileCategories(categories);
  if (compiled.ok) return compiled.value;
  throw new SoulMirrorError("CONFIG_INVALID", `categories: ${compiled.error}`, {
    fix: "correct the pattern",
  });
}
