/** Verify: verdicts on recoveries, from fresh observations alone. */
export {
  createVerifyState,
  type Verification,
  type VerifyInput,
  type VerifyState,
  verify,
} from "./verify.ts";
