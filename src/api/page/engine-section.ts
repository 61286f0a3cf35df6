/** What engines inside services tell: open circuits first, then what fails most. */
import { type SteeredPart, steeredParts, whoSteers } from "../../model/index.ts";
import {
  type EngineReport,
  type OperationFigures,
  type ProviderFigures,
  turnsAway,
} from "../../targets/index.ts";
import { type Html, html } from "./html.ts";
import type { Shown } from "./sections.ts";
import { ago } from "./words.ts";

const rowsMax = 30;

export function engineSection({ engines, steered, overview }: Shown): Html {
  const wanted = steered.flatMap(({ service, wish }) =>
    steeredParts(wish).map((part) => steeredRow(service, part, overview.at)),
  );
  if (engines.length === 0 && wanted.length === 0) return html``;
  const all = engines.flatMap((engine) =>
    engine.operations.map((operation) => ({ engine, operation })),
  );
  const shown = all
    .toSorted((a, b) => weight(b.operation) - weight(a.operation))
    .slice(0, rowsMax)
    .map(({ engine, operation }) => row(engine, operation, overview.at));
  const more = all.length - shown.length;
  const rings = engines.flatMap((engine) =>
    engine.providers.map((provider) => providerRow(engine, provider)),
  );
  return html`<section aria-labelledby="engines"><h2 id="engines">Inside the services</h2>${
    wanted.length === 0
      ? undefined
      : html`<table><caption>Steered from outside</caption><thead><tr><th scope="col">What</th><th scope="col">Service</th><th scope="col">By whom</th></tr></thead><tbody>${wanted.slice(0, rowsMax)}</tbody></table>`
  }${
    rings.length === 0
      ? undefined
      : html`<table><caption>AI providers</caption><thead><tr><th scope="col">Provider</th><th scope="col">Service</th><th scope="col">Asked</th><th scope="col">Calls</th><th scope="col">Faults</th><th scope="col">Latency</th><th scope="col">Cost</th></tr></thead><tbody>${rings.slice(0, rowsMax)}</tbody></table>`
  }
    <table><caption>Operations</caption><thead><tr><th scope="col">Operation</th><th scope="col">Service</th><th scope="col">Calls</th><th scope="col">Failed</th><th scope="col">p99</th><th scope="col">Circuit</th><th scope="col">Told</th></tr></thead><tbody>${shown}</tbody></table>${
      more > 0 ? html`<p>and ${more} more operations</p>` : undefined
    }</section>`;
}

function row(
  { service, pid, seenAt }: EngineReport,
  operation: OperationFigures,
  now: number,
): Html {
  const { name, calls, failed, p99Ms, breakerReason } = operation;
  const circuit = circuitWords(operation);
  const isOpen = weight(operation) === Number.POSITIVE_INFINITY;
  return html`<tr>
    <th scope="row">${name}</th>
    <td data-label="Service">${service}${pid === null ? undefined : html` <span class="quiet">pid ${pid}</span>`}</td>
    <td data-label="Calls" class="number">${calls}</td>
    <td data-label="Failed" class="number">${failed}</td>
    <td data-label="p99" class="number">${p99Ms === null ? "–" : `${p99Ms.toPrecision(3)} ms`}</td>
    <td data-label="Circuit">${isOpen ? html`<span class="badge bad"><span aria-hidden="true">✖</span> ${circuit}</span>` : circuit}${breakerReason === null ? undefined : html` <span class="quiet">${breakerReason}</span>`}</td>
    <td data-label="Told" class="number">${ago(seenAt, now)} ago</td>
  </tr>`;
}

function steeredRow(service: string, part: SteeredPart, now: number): Html {
  return html`<tr>
    <th scope="row"><span class="badge busy"><span aria-hidden="true">▲</span> ${part.what}</span></th>
    <td data-label="Service">${service}</td>
    <td data-label="By whom">${whoSteers(part, now)}</td>
  </tr>`;
}

function providerRow({ service, pid }: EngineReport, provider: ProviderFigures): Html {
  const { name, ring, state, place, calls, faults, latencyMs, spent, wish } = provider;
  const out = state === "serving" ? "not asked" : state;
  const by = wish === null ? "" : wish === "prefer" ? ", preferred" : ", ejected by hand";
  return html`<tr>
    <th scope="row">${name} <span class="quiet">${ring}</span></th>
    <td data-label="Service">${service}${pid === null ? undefined : html` <span class="quiet">pid ${pid}</span>`}</td>
    <td data-label="Asked">${place === null ? html`<span class="badge bad"><span aria-hidden="true">✖</span> ${out}</span>` : `#${place}`}${by}</td>
    <td data-label="Calls" class="number">${calls}</td>
    <td data-label="Faults" class="number">${faults}</td>
    <td data-label="Latency" class="number">${latencyMs === null ? "–" : `${latencyMs.toPrecision(3)} ms`}</td>
    <td data-label="Cost" class="number">${spent === null ? "–" : Number(spent.toPrecision(3))}</td>
  </tr>`;
}

/** Open circuits first, then what fails most. */
function weight(operation: OperationFigures): number {
  return turnsAway(operation) ? Number.POSITIVE_INFINITY : operation.failed;
}

function circuitWords({ breaker, breakerEnforced }: OperationFigures): string {
  if (breaker === null) return "–";
  return breakerEnforced === false && breaker !== "closed" ? `${breaker}, not enforced` : breaker;
}
