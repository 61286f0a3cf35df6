/** Execute: plans become commands to effectors, one step at a time, with undo in reverse. */
export {
  createExecuteState,
  type ExecuteInput,
  type ExecuteState,
  type Execution,
  execute,
} from "./execute.ts";
