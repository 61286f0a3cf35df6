/** Drafts to the text of a fleet file, with remarks where they belong and the rest at the end. */
import { Document, type Pair, type Scalar, type YAMLMap } from "yaml";
import type { Draft, DraftPart } from "./draft.ts";

export interface FleetFileOptions {
  readonly fleet: string;
  /** Where the schema for editors is, when it is somewhere. */
  readonly schema?: string;
}

export function writeFleetFile(draft: Draft, options: FleetFileOptions): string {
  const { services, resources, unmapped } = draft;
  const document = new Document({
    fleet: options.fleet,
    mode: "monitor",
    ...(services.length === 0 ? {} : { services: asMap(services) }),
    ...(resources.length === 0 ? {} : { resources: asMap(resources) }),
  });
  const root = document.contents as unknown as YAMLMap<Scalar<string>, YAMLMap>;
  remark(root, "services", services);
  remark(root, "resources", resources);
  for (const pair of root.items) {
    const says = heads[pair.key.value];
    if (says !== undefined) pair.key.commentBefore = ` ${says}`;
    if (pair.key.value !== "fleet") pair.key.spaceBefore = true;
  }
  const schema =
    options.schema === undefined ? "" : `# yaml-language-server: $schema=${options.schema}\n`;
  const lines = unmapped.map(({ source, key, why }) => `#   ${source}: ${key}: ${why}`);
  const rest = lines.length === 0 ? "" : `\n# Not taken over:\n${lines.join("\n")}\n`;
  return `${schema}${document.toString({ lineWidth: 100 })}${rest}`;
}

const heads: Readonly<Record<string, string>> = {
  mode: "It looks and reports, and restarts what exits, nothing else; `full` lets it heal.",
  services: "What is kept running.",
  resources: "What is watched.",
};

function asMap(parts: readonly DraftPart[]): Readonly<Record<string, unknown>> {
  return Object.fromEntries(parts.map(({ name, keys }) => [name, keys]));
}

function remark(
  root: YAMLMap<Scalar<string>, YAMLMap>,
  key: string,
  parts: readonly DraftPart[],
): void {
  const map = root.get(key) as YAMLMap<Scalar<string>> | undefined;
  for (const [index, pair] of (map?.items ?? []).entries() as Iterable<
    [number, Pair<Scalar<string>>]
  >) {
    const { remarks = [] } = parts[index] ?? {};
    pair.key.commentBefore = remarks.map((text) => ` ${text.replaceAll(/\s+/g, " ")}`).join("\n");
    if (index > 0) pair.key.spaceBefore = true;
  }
}
