/** Execute: plans become commands to effectors, one step at a time, with undo in reverse. */
export { type ExecuteInput, type Execution, execute } from "./execute.ts";
export { createExecuteState, type ExecuteState } from "./execute-state.ts";
