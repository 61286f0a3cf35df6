/** States as an icon and a word: colour only repeats what both of them say. */
import { formatDuration } from "../../kernel/index.ts";
import { type Html, html } from "./html.ts";

type Tone = "good" | "busy" | "bad" | "idle";

const tones: Readonly<Record<string, readonly [icon: string, tone: Tone]>> = {
  well: ["✔", "good"],
  healthy: ["✔", "good"],
  succeeded: ["✔", "good"],
  starting: ["…", "busy"],
  busy: ["…", "busy"],
  unknown: ["?", "idle"],
  degraded: ["▲", "busy"],
  trouble: ["✖", "bad"],
  unhealthy: ["✖", "bad"],
  failed: ["✖", "bad"],
  quarantined: ["⊘", "bad"],
  escalated: ["!", "bad"],
  stopped: ["■", "idle"],
  open: ["✖", "bad"],
  recovering: ["↻", "busy"],
  verifying: ["◔", "busy"],
  rolled_back: ["↶", "busy"],
  interrupted: ["▲", "busy"],
  dismissed: ["⊖", "idle"],
  withdrawn: ["⊖", "idle"],
  waiting_for_approval: ["✋", "busy"],
};

export function stateBadge(state: string): Html {
  const [icon, tone] = tones[state] ?? ["•", "busy"];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${icon}</span> ${state.replaceAll("_", " ")}</span>`;
}

export function toneOf(state: string): Tone {
  return tones[state]?.[1] ?? "busy";
}

export function iconOf(state: string): string {
  return tones[state]?.[0] ?? "•";
}

export function ago(at: number | null, now: number): Html {
  if (at === null) return html`–`;
  const iso = new Date(at).toISOString();
  return html`<time datetime="${iso}" title="${iso}">${formatDuration(Math.max(0, now - at))}</time>`;
}
