/** `Procfile`: `name: command`, one a line. */
import { readCommandLine } from "./command-line.ts";
import { type Draft, type DraftPart, draftName, type Unmapped } from "./draft.ts";

export function fromProcfile(text: string, file = "Procfile"): Draft {
  const services: DraftPart[] = [];
  const unmapped: Unmapped[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (/^\s*(#|$)/.test(line)) continue;
    const [, name, script] = /^([A-Za-z0-9_-]+)\s*:\s*(.+)$/.exec(line.trim()) ?? [];
    const source = `${file}:${index + 1}`;
    if (name === undefined || script === undefined) {
      unmapped.push({ source, key: "the line", why: "it is not NAME: COMMAND" });
    } else if (name === "release") {
      unmapped.push({ source, key: "release", why: "runs once, before a deployment" });
    } else {
      services.push(serviceOf(name, script, file));
    }
  }
  return { services, resources: [], unmapped };
}

function serviceOf(name: string, script: string, file: string): DraftPart {
  const { command, env, needsShell } = readCommandLine(script);
  const { PORT: port, ...others } = env;
  const wantsPort = port === undefined && /\$\{?PORT\b/.test(script);
  const remarks = [`From ${file}: ${script}`];
  if (needsShell) remarks.push("It needs a shell, so it is given one.");
  if (wantsPort) remarks.push("It wants PORT: say `listen: 3000` or what suits, and it gets one.");
  return {
    name: draftName(name),
    keys: {
      command,
      ...(port === undefined ? {} : { listen: Number(port) }),
      ...(Object.keys(others).length === 0 ? {} : { env: others }),
    },
    remarks,
  };
}
