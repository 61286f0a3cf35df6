import { askService } from "../ask-service.ts";
import type { Run } from "../command.ts";

export const start: Run = askService("start");
