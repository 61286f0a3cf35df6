/**
 * Verify: did the recovery work? Verdicts on failures and on what was done about them, from fresh
 * observations alone. What follows from a verdict (to undo, to try another strategy) is for the
 * planner to say.
 */
export {
  type Aim,
  createVerifyState,
  type Verification,
  type VerifyInput,
  type VerifyState,
  verify,
} from "./verify.ts";
