/** Prints the names of all cases. */
import { cases } from "./cases.js";

console.log(JSON.stringify(Object.keys(cases)));
