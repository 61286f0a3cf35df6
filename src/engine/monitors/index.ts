/** Monitors that others have written, taken in as they are. */
export type { MonitorReport } from "./adopted-monitor.ts";
export { AdoptedMonitors } from "./adopted-monitors.ts";
export {
  type AdoptOptions,
  adoptShape,
  type HandedMonitor,
  type HandedMonitors,
  handedMonitorReaders,
  handedMonitors,
} from "./handed-monitors.ts";
