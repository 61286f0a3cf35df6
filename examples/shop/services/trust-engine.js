// trust-engine: scores per subject in an SQLite database. Several instances may share one database.
// 1. A delta is applied exactly once, however often it is sent: its id is stored in the same
//    transaction as the score it changes.
// 2. An acknowledged delta is synced to disk before the answer leaves.
// Environment: PORT, LEDGER (path of the database).
import { checkId, RequestRefused, readJson, startHttpService } from "./lib/http-service.js";
import { openScoreLedger } from "./lib/score-ledger.js";

const DELTA_LIMIT = 1_000;

const ledger = openScoreLedger(process.env.LEDGER ?? "ledger.db");
const counted = { applied: 0, repeated: 0, read: 0 };

startHttpService({
  name: "trust-engine",
  routes: {
    "POST /scores": async ({ request }) => {
      const { id, subject, delta } = await readJson(request);
      checkId(id);
      checkId(subject);
      if (!Number.isInteger(delta) || Math.abs(delta) > DELTA_LIMIT) {
        throw new RequestRefused(400, `delta must be a whole number within ${DELTA_LIMIT}`);
      }
      const outcome = ledger.apply({ id, subject, delta });
      if (outcome === "conflict") throw new RequestRefused(409, "id was used for another delta");
      counted[outcome] += 1;
      return { body: { id, outcome, ...ledger.score(subject) } };
    },
    "GET /scores/:subject": async ({ params }) => {
      counted.read += 1;
      return { body: ledger.score(params.subject) };
    },
    "GET /deltas/:id": async ({ params }) => {
      const delta = ledger.delta(params.id);
      if (delta === undefined) throw new RequestRefused(404, "no such delta");
      return { body: delta };
    },
  },
  checks: {
    // A real transaction: a locked, full or read-only database cannot pass.
    "ledger:write": async () => {
      ledger.probe();
      return { status: "pass" };
    },
  },
  metrics: () => [
    {
      name: "scores_applied_total",
      type: "counter",
      help: "Deltas applied by this instance.",
      value: counted.applied,
    },
    {
      name: "scores_repeated_total",
      type: "counter",
      help: "Deltas that had been applied before and were only acknowledged again.",
      value: counted.repeated,
    },
    { name: "scores_read_total", type: "counter", help: "Scores read.", value: counted.read },
  ],
  drain: async () => ledger.close(),
});
