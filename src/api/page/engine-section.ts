/** What engines inside services tell: open circuits first, then what fails most. */
import type { EngineReport, OperationFigures } from "../../targets/index.ts";
import { type Html, html } from "./html.ts";
import type { Shown } from "./sections.ts";
import { ago } from "./words.ts";

const rowsMax = 30;

export function engineSection({ engines, overview }: Shown): Html {
  if (engines.length === 0) return html``;
  const all = engines.flatMap((engine) =>
    engine.operations.map((operation) => ({ engine, operation })),
  );
  const shown = all
    .toSorted((a, b) => weight(b.operation) - weight(a.operation))
    .slice(0, rowsMax)
    .map(({ engine, operation }) => row(engine, operation, overview.at));
  const more = all.length - shown.length;
  return html`<section aria-labelledby="engines"><h2 id="engines">Inside the services</h2>
    <table><thead><tr><th scope="col">Operation</th><th scope="col">Service</th><th scope="col">Calls</th><th scope="col">Failed</th><th scope="col">p99</th><th scope="col">Circuit</th><th scope="col">Told</th></tr></thead><tbody>${shown}</tbody></table>${
      more > 0 ? html`<p>and ${more} more operations</p>` : undefined
    }</section>`;
}

function row(
  { service, pid, seenAt }: EngineReport,
  operation: OperationFigures,
  now: number,
): Html {
  const { name, calls, failed, p99Ms, breaker } = operation;
  const isOpen = weight(operation) === Number.POSITIVE_INFINITY;
  return html`<tr>
    <th scope="row">${name}</th>
    <td data-label="Service">${service}${pid === null ? undefined : html` <span class="quiet">pid ${pid}</span>`}</td>
    <td data-label="Calls" class="number">${calls}</td>
    <td data-label="Failed" class="number">${failed}</td>
    <td data-label="p99" class="number">${p99Ms === null ? "–" : `${p99Ms.toPrecision(3)} ms`}</td>
    <td data-label="Circuit">${isOpen ? html`<span class="badge bad"><span aria-hidden="true">✖</span> ${breaker ?? ""}</span>` : (breaker ?? "–")}</td>
    <td data-label="Told" class="number">${ago(seenAt, now)} ago</td>
  </tr>`;
}

/** Open circuits first, then what fails most. */
function weight({ breaker, failed }: OperationFigures): number {
  return breaker === "open" || breaker === "isolated" ? Number.POSITIVE_INFINITY : failed;
}
