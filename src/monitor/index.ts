/**
 * Monitor: which look is due, and what did the last ones see? It schedules sensors and passes on
 * observations; it never judges.
 */
export { createMonitorState, type MonitorState } from "./looks.ts";
export {
  type MonitorInput,
  type MonitorOutput,
  monitor,
  type Read,
  restoreMonitor,
} from "./monitor.ts";
