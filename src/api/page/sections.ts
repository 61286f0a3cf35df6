/** The parts of the page, each from the data that it shows. */
import type { z } from "zod";
import type { ServiceView } from "../../loop/index.ts";
import {
  type Action,
  type ActionRow,
  describeStep,
  headlineOf,
  type SteeredService,
  shownState,
} from "../../model/index.ts";
import type { EngineReport } from "../../targets/index.ts";
import type { Overview } from "../figures/overview.ts";
import type { Frozen } from "../procedures/procedure.ts";
import type { incidentStory } from "../shapes/incident.ts";
import { verdictOf } from "../verdict-of.ts";
import { type Html, html } from "./html.ts";
import { ago, iconOf, stateBadge, toneOf } from "./words.ts";

export interface Shown {
  readonly overview: Overview;
  readonly stories: readonly Frozen<z.output<typeof incidentStory>>[];
  readonly engines: readonly EngineReport[];
  readonly steered: readonly SteeredService[];
  readonly waiting: readonly Action[];
  readonly actions: readonly ActionRow[];
  /** Buttons are for those who may act. */
  readonly mayAct: boolean;
}

/** A tab in the background tells of trouble, too. */
export function pageTitle({ fleet, verdict }: Overview): string {
  return `${verdict.kind === "well" ? "" : "! "}${fleet} – SoulMirror`;
}

export function verdictSection({ overview }: Shown): Html {
  const { kind, text } = overview.verdict;
  return html`<p id="verdict" class="verdict ${toneOf(kind)}" role="status" data-title="${pageTitle(overview)}"><span aria-hidden="true">${iconOf(kind)}</span> ${text}</p>`;
}

export function incidentSection({ overview, stories }: Shown): Html {
  if (overview.incidents.length === 0) return html``;
  const shown = stories.map((story) => {
    const summary = overview.incidents.find(({ id }) => id === story.id)?.summary ?? "";
    const victims = [...new Set(story.victimRows.map(({ affectedService }) => affectedService))];
    return html`<article class="card ${toneOf(story.state.kind)}">
      <h3>${stateBadge(story.state.kind)} ${headlineOf(story)}</h3>
      <dl>
        <dt>Cause</dt><dd>${story.cause}</dd>
        <dt>Severity</dt><dd>${story.severity}</dd>
        <dt>Opened</dt><dd>${ago(story.openedAt, overview.at)} ago</dd>
        <dt>Victims</dt><dd>${victims.length > 0 ? victims.join(", ") : "none"}</dd>
        <dt>Now</dt><dd>${summary}</dd>
      </dl>
      <details data-key="${story.id}"><summary>What happened and what was tried</summary>
        <ol>${story.timeline
          .slice(-30)
          .map(({ at, text }) => html`<li>${ago(at, overview.at)} ago: ${text}</li>`)}</ol>
      </details>
    </article>`;
  });
  const more = overview.incidents.length - stories.length;
  return html`<section aria-labelledby="incidents"><h2 id="incidents">Incidents</h2>${shown}${
    more > 0 ? html`<p>and ${more} more</p>` : undefined
  }</section>`;
}

export function approvalSection({ waiting, mayAct }: Shown): Html {
  if (waiting.length === 0) return html``;
  return html`<section aria-labelledby="waiting"><h2 id="waiting">Waiting for a person</h2>${waiting.map(
    ({ id, plan, preview = [] }) => html`<article class="card busy">
      <h3>${stateBadge("waiting_for_approval")} ${plan.strategy} on ${plan.resource}</h3>
      <p>${plan.reason}</p>
      <ol>${plan.steps.map((step, index) => html`<li>${describeStep(step)}${preview[index] ? `: ${preview[index]}` : ""}</li>`)}</ol>
      ${
        mayAct
          ? html`<p>${button(`/api/v1/actions/${id}/approve`, "Approve")} ${button(`/api/v1/actions/${id}/dismiss`, "Dismiss")}</p>`
          : html`<p><code>soulmirror approve ${id}</code></p>`
      }
    </article>`,
  )}</section>`;
}

export function serviceSection({ overview, mayAct }: Shown): Html {
  const rows = overview.services.map(
    (service) => html`<tr>
      <th scope="row">${service.name}</th>
      <td data-label="State">${stateBadge(service.state)}</td>
      <td data-label="Instances">${instances(service, overview.at)}</td>
      <td data-label="Restarts" class="number">${service.restarts}</td>
      <td data-label="Listens on" class="${service.listen === null ? "none" : "number"}">${service.listen ?? "–"}</td>
      <td data-label="Mode">${service.mode}</td>
      ${mayAct ? html`<td class="buttons">${serviceButtons(service)}</td>` : undefined}
    </tr>`,
  );
  return html`<section aria-labelledby="services"><h2 id="services">Services</h2>
    <table><thead><tr><th scope="col">Service</th><th scope="col">State</th><th scope="col">Instances</th><th scope="col">Restarts</th><th scope="col">Listens on</th><th scope="col">Mode</th>${
      mayAct ? html`<th scope="col">Do</th>` : undefined
    }</tr></thead><tbody>${rows}</tbody></table></section>`;
}

function instances(service: ServiceView, now: number): Html {
  const { instances: all } = service;
  if (all.length === 0) return html`none`;
  // Of a single one the state is the service's, which stands beside it.
  const isOne = all.length === 1;
  return html`<ul class="instances">${all.map(
    ({ number, state, pid, startedAt, reason }) => html`<li>
      ${isOne ? undefined : html`<span class="badge ${toneOf(state)}"><span aria-hidden="true">${iconOf(state)}</span> ${number}: ${state}</span>`}
      ${pid === null ? undefined : html`<span class="quiet">pid ${pid}, up ${ago(startedAt, now)}</span>`}
      ${reason === null ? undefined : html`<span class="reason">${reason}</span>`}
    </li>`,
  )}${remarks(service)}</ul>`;
}

/** What concerns the service as a whole. */
function remarks({ name, reason, pinned }: ServiceView): Html {
  return html`${reason === null ? undefined : html`<li><span class="reason">${reason}</span></li>`}${
    pinned
      ? html`<li><span class="reason">${name} runs with its last good configuration, not with what the fleet file says; <code>soulmirror diff</code> shows the difference, a changed fleet file ends it</span></li>`
      : undefined
  }`;
}

function serviceButtons({ name, state }: ServiceView): Html {
  const path = `/api/v1/services/${encodeURIComponent(name)}`;
  if (state === "stopped") return button(`${path}/start`, "Start");
  return html`${button(`${path}/restart`, "Restart")} ${button(`${path}/stop`, "Stop")}`;
}

function button(path: string, word: string): Html {
  return html`<button type="button" data-post="${path}">${word}</button>`;
}

export function resourceSection({ overview }: Shown): Html {
  const { total, healthy, unwell } = overview.resources;
  if (total === 0) return html``;
  const list = unwell.map(
    ({ resource, health, reason }) =>
      html`<li>${stateBadge(health)} ${resource}${reason === null ? "" : `: ${reason}`}</li>`,
  );
  return html`<section aria-labelledby="resources"><h2 id="resources">Watched besides</h2>
    <p>${healthy} of ${total} healthy.</p>${list.length > 0 ? html`<ul>${list}</ul>` : undefined}</section>`;
}

export function actionSection({ actions, overview }: Shown): Html {
  if (actions.length === 0) {
    return html`<section><h2>Last actions</h2><p>Nothing has been done yet.</p></section>`;
  }
  const rows = actions.map(
    (row) => html`<tr>
      <th scope="row">${row.actionStrategy.replaceAll("_", " ")}</th>
      <td data-label="When" class="number"><span>${ago(row.timestamp, overview.at)} ago</span></td>
      <td data-label="On">${text(row.parameters?.["resource"]).replace(/^instance\//, "")}</td>
      <td data-label="Why">${text(row.parameters?.["reason"])}</td>
      <td data-label="Status">${stateBadge(shownState(row))}</td>
      <td data-label="Verdict">${verdict(row)}</td>
    </tr>`,
  );
  return html`<section aria-labelledby="actions"><h2 id="actions">Last actions</h2>
    <table><thead><tr><th scope="col">Strategy</th><th scope="col">When</th><th scope="col">On</th><th scope="col">Why</th><th scope="col">Status</th><th scope="col">Verdict</th></tr></thead><tbody>${rows}</tbody></table></section>`;
}

function verdict(row: ActionRow): Html {
  const found = verdictOf(row);
  if (found === undefined) {
    const isAwaited = row.status === "succeeded" && row.failureEventId !== null;
    return isAwaited ? html`being verified` : html`–`;
  }
  const [icon, tone, word] = found.healed ? ["✔", "good", "helped"] : ["✖", "bad", "did not help"];
  return html`<span class="badge ${tone}"><span aria-hidden="true">${icon}</span> ${word}</span> <span class="quiet">${found.reason}</span>`;
}

function text(value: unknown): string {
  return typeof value === "string" ? value : "–";
}
