/**
 * The page: the whole fleet at a glance, made on the server. With its script it renews itself when
 * the journal grows; without it, every ten seconds.
 */

import { takeOverview } from "../figures/overview.ts";
import type { House } from "../house.ts";
import type { Caller } from "../procedures/procedure.ts";
import { tellIncident } from "../tell-incident.ts";
import { visible, visibleAction, visibleEngine, visibleUnderWay } from "../visible.ts";
import { engineSection } from "./engine-section.ts";
import { type Html, html } from "./html.ts";
import {
  actionSection,
  approvalSection,
  incidentSection,
  pageTitle,
  resourceSection,
  type Shown,
  serviceSection,
  verdictSection,
} from "./sections.ts";
import { ago } from "./words.ts";

const storiesMax = 10;
const actionsMax = 12;

export async function renderPage(house: House, caller: Caller): Promise<string> {
  const shown = await gather(house, caller);
  const { fleet } = shown.overview;
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${pageTitle(shown.overview)}</title>
<link rel="icon" href="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Ccircle cx='8' cy='8' r='6' fill='none' stroke='%23558' stroke-width='3'/%3E%3C/svg%3E">
<link rel="stylesheet" href="/page.css">
<noscript><meta http-equiv="refresh" content="10"></noscript>
<script src="/page.js" defer></script>
</head>
<body>
<header><h1>${fleet}</h1><p class="quiet">SoulMirror <span id="live" role="status"></span></p></header>
<main id="main">${body(shown)}</main>
</body>
</html>
`;
  return page.html;
}

/** What the script puts in the place of what is there. */
export async function renderBody(house: House, caller: Caller): Promise<string> {
  return body(await gather(house, caller)).html;
}

async function gather(house: House, caller: Caller): Promise<Shown> {
  const overview = await takeOverview(house);
  // A store that is away takes the history from the page, never the present.
  const stories = await Promise.all(
    overview.incidents.slice(0, storiesMax).map((incident) =>
      tellIncident({ house, caller }, incident).catch(() => ({
        ...incident,
        failureRows: [],
        victimRows: [],
        actions: [],
        verdicts: [],
        timeline: [],
      })),
    ),
  );
  const rows = await house.store.actions({ limit: 100 }).catch(() => []);
  const recoveries = rows.filter(({ failureEventId, automated }) => {
    return failureEventId !== null || !automated;
  });
  const shown = {
    overview,
    stories,
    engines: house.engines().map((engine) => visibleEngine(engine, caller)),
    steered: house.steering.services(),
    waiting: house
      .actionsUnderWay()
      .filter(({ status }) => status.kind === "waiting_for_approval")
      .map((action) => visibleUnderWay(action, caller)),
    actions: recoveries.slice(0, actionsMax).map((row) => visibleAction(row, caller)),
    mayAct: caller.isTrusted,
  };
  return visible(shown, caller);
}

function body(shown: Shown): Html {
  return html`${verdictSection(shown)}${approvalSection(shown)}${incidentSection(shown)}${serviceSection(
    shown,
  )}${engineSection(shown)}${resourceSection(shown)}${actionSection(shown)}${foot(shown)}`;
}

const places = { store: "the store", emergency: "the emergency file", memory: "memory only" };

function foot({ overview, mayAct }: Shown): Html {
  const { mode, journal, version, startedAt, at } = overview;
  const kept = journal.kept === "store" ? "quiet" : "bad";
  const position = journal.position === null ? "" : `, ${journal.position} entries`;
  return html`<footer><dl>
    <dt>Mode</dt><dd>${mode}</dd>
    <dt>Journal</dt><dd class="${kept}">kept in ${places[journal.kept]}${position}</dd>
    <dt>Daemon</dt><dd>version ${version}, up ${ago(startedAt, at)}</dd>
    <dt>You</dt><dd>${mayAct ? "may act" : "may look; to act, come by a link from the terminal"}</dd>
  </dl></footer>`;
}
