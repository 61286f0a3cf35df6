import { askService } from "../ask-service.ts";
import type { Run } from "../command.ts";

export const restart: Run = askService("restart");
