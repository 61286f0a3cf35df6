/**
 * What looks like a secret in a foreign file is not copied into the fleet file, which is read by
 * more people: the service gets it from the environment of SoulMirror, and its owner is told so.
 *
 * S1. Neither values of `env`, nor assignments in a command or a remark, are copied.
 */
import type { Json } from "../../kernel/index.ts";
import { type Draft, type DraftPart, recordOf, type Unmapped } from "./draft.ts";

const secretName =
  /(?:^|_)(?:\w*(?:PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIALS?)\w*|PASS|PWD|DSN|AUTH|\w*(?:KEY|KEYS|COOKIE))$/i;
/** A password in a URL, whatever its key is called. */
const urlWithPassword = /^[a-z][\w+.-]*:\/\/[^/\s:@]*:[^/\s@]+@/i;
const assignment = /(?<![\w-])([A-Za-z_]\w*)=("[^"]*"|'[^']*'|[^\s"';|&]+)/g;

export function keepSecretsOut(draft: Draft): Draft {
  const parts = draft.services.map(partOf);
  return {
    ...draft,
    services: parts.map(({ part }) => part),
    unmapped: [...draft.unmapped, ...parts.flatMap(({ kept }) => kept)],
  };
}

function partOf(part: DraftPart): { readonly part: DraftPart; readonly kept: readonly Unmapped[] } {
  const names = new Set<string>();
  const env: Record<string, Json> = {};
  for (const [name, value] of Object.entries(recordOf(part.keys["env"]))) {
    const isKept = typeof value === "string" && isSecret(name, value);
    if (isKept) names.add(name);
    env[name] = isKept ? { env: name } : (value as Json);
  }
  const command = withoutSecrets(part.keys["command"], names);
  for (const name of names) env[name] ??= { env: name };
  const keys = {
    ...part.keys,
    ...(command === undefined ? {} : { command }),
    ...(Object.keys(env).length === 0 ? {} : { env }),
  };
  const kept = [...names].map((name) => ({
    source: `services.${part.name}`,
    key: `env.${name}`,
    why: `it looks like a secret; set ${name} where \`soulmirror up\` runs, or write { file: PATH }`,
  }));
  return { part: { ...part, keys, remarks: part.remarks.map(hidden) }, kept };
}

/** Only a shell reads assignments; elsewhere they are arguments, and left to their program. */
function withoutSecrets(command: Json | undefined, names: Set<string>): Json | undefined {
  if (!Array.isArray(command) || command[0] !== "sh") return command;
  return command.map((word: Json) => {
    if (typeof word !== "string") return word;
    return word.replaceAll(assignment, (whole, name: string, value: string) => {
      if (!isSecret(name, unquoted(value))) return whole;
      names.add(name);
      return `${name}="$${name}"`;
    });
  });
}

function hidden(text: string): string {
  return text.replaceAll(assignment, (whole, name: string, value: string) =>
    isSecret(name, unquoted(value)) ? `${name}=***` : whole,
  );
}

/** A reference to another variable holds no secret itself. */
function isSecret(name: string, value: string): boolean {
  if (value === "" || /^\$\{?\w+\}?$/.test(value)) return false;
  return secretName.test(name) || urlWithPassword.test(value);
}

function unquoted(value: string): string {
  return value.replaceAll(/^["']|["']$/g, "");
}
