/**
 * The processes of services: started, ended, watched and adopted here, and nowhere else. This
 * folder acts only when an effector is told to; it never brings anything back by itself.
 */
export { Cgroups, findHierarchies, type Hierarchy } from "./cgroups.ts";
export type { Note } from "./context.ts";
export { ProcessTarget, type ProcessTargetOptions, type RunningProcess } from "./process-target.ts";
export { type Following, followLog, lastLines } from "./read-log.ts";
export { type Rotation, ServiceLog } from "./service-log.ts";
