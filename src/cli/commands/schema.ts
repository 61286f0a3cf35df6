import { fleetJsonSchema } from "../../config/index.ts";
import type { Run } from "../command.ts";

/** The same with and without --json: it is a document for programs. */
export const schema: Run = async ({ out }) => {
  out.write(JSON.stringify(fleetJsonSchema(), undefined, 2));
  return 0;
};
