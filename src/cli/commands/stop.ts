import { askService } from "../ask-service.ts";
import type { Run } from "../command.ts";

export const stop: Run = askService("stop");
