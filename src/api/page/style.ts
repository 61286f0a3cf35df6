/** The page's style sheet: light and dark, one column on a phone. Contrast is 4.5:1 or better. */
export const style = `:root {
  color-scheme: light dark;
  --ground: light-dark(#f6f7f9, #14161a);
  --card: light-dark(#ffffff, #1d2026);
  --text: light-dark(#1b1f24, #e6e8eb);
  --quiet: light-dark(#57606a, #a0a8b2);
  --line: light-dark(#d5dae0, #363b44);
  --good: light-dark(#11663b, #6fd39b);
  --busy: light-dark(#7a4d00, #f0c060);
  --bad: light-dark(#a8141b, #ff9492);
  --idle: light-dark(#57606a, #a0a8b2);
}
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 72rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, "Segoe UI", "DejaVu Sans", sans-serif; }
header { display: flex; flex-wrap: wrap; align-items: baseline; justify-content: space-between; gap: 0 1rem; }
h1 { font-size: 1.4rem; margin: 0; }
h2 { font-size: 1.05rem; margin: 1.5rem 0 .5rem; }
h3 { font-size: 1rem; margin: 0 0 .5rem; overflow-wrap: anywhere; }
.quiet { color: var(--quiet); font-size: .9rem; }
.reason { display: block; font-size: .9rem; overflow-wrap: anywhere; }
.verdict { font-size: 1.25rem; font-weight: 600; margin: .5rem 0 1rem; padding: .75rem 1rem;
  background: var(--card); border: 1px solid var(--line); border-left: .4rem solid currentColor; border-radius: .4rem; }
.card { background: var(--card); border: 1px solid var(--line); border-left: .4rem solid var(--line);
  border-radius: .4rem; padding: .75rem 1rem; margin-bottom: .75rem; }
.card.bad { border-left-color: var(--bad); }
.card.busy { border-left-color: var(--busy); }
.badge { white-space: nowrap; font-weight: 600; }
.verdict.good, .badge.good { color: var(--good); }
.verdict.busy, .badge.busy { color: var(--busy); }
.verdict.bad, .badge.bad, dd.bad { color: var(--bad); }
.badge.idle { color: var(--idle); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem .75rem; margin: 0; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
caption { text-align: start; padding: 0.9rem 0 0.4rem; color: var(--quiet); }
table { width: 100%; border-collapse: collapse; background: var(--card); border: 1px solid var(--line); border-radius: .4rem; }
th, td { text-align: left; vertical-align: top; padding: .5rem .6rem; border-top: 1px solid var(--line); overflow-wrap: break-word; }
thead th { border-top: 0; color: var(--quiet); font-weight: 500; font-size: .9rem; }
tbody th, td.number, td.buttons, .instances .quiet { white-space: nowrap; }
#live:not(:empty)::before { content: "· "; }
.number { font-variant-numeric: tabular-nums; }
ul.instances { list-style: none; margin: 0; padding: 0; }
ol, ul { padding-left: 1.4rem; }
summary { cursor: pointer; }
button { font: inherit; color: inherit; background: var(--ground); border: 1px solid var(--line); border-radius: .3rem;
  padding: .3rem .7rem; min-height: 2.2rem; cursor: pointer; }
button:hover { border-color: currentColor; }
:focus-visible { outline: 3px solid var(--busy); outline-offset: 2px; }
footer { margin-top: 1.5rem; padding-top: 1rem; border-top: 1px solid var(--line); font-size: .9rem; }
@media (max-width: 44rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  table, tbody, tr, th, td { display: block; }
  tbody tr { padding: .6rem .75rem; border-top: 1px solid var(--line); }
  tbody tr:first-child { border-top: 0; }
  th, td { border: 0; padding: .1rem 0; }
  td[data-label] { display: grid; grid-template-columns: 6.5rem 1fr; column-gap: .5rem; }
  td[data-label]::before { content: attr(data-label); color: var(--quiet); font-size: .9rem; }
  td[data-label] > * { grid-column: 2; }
  td.none { display: none; }
  .buttons { padding-top: .4rem; }
}
@media (prefers-reduced-motion: no-preference) { .verdict { transition: color .2s; } }
`;
