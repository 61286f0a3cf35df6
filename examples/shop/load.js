// What a drill needs of the shop: load, its ledger, and what the ledger says. Types: load.d.ts.
export { countRequests, firstGoodAnswers, judgeHealing } from "./load/judgement.js";
export { readLedger } from "./load/ledger.js";
export { runLoad } from "./load/run-load.js";
export { startLoad } from "./load/start-load.js";
export { FRONT_DOORS, readTargets } from "./load/targets.js";
export { verifyLedger } from "./load/verify-ledger.js";

/** A chat log that kills the worker of chat-analyzer without a trace; see the README. */
export const POISON_CHAT = "12:30 ana: all is well\n99:99 bo: this line has an impossible time\n";
