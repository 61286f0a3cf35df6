// Switches ai-router to the named provider: `node switch-provider.js primary|alternative`.
// The router reads the file before each request; nothing has to be restarted.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const file = process.env.SWITCH_FILE ?? "./data/router.switch";
const [provider] = process.argv.slice(2);
if (provider !== "primary" && provider !== "alternative") {
  console.error("usage: node switch-provider.js primary|alternative");
  process.exit(2);
}
mkdirSync(dirname(file), { recursive: true });
writeFileSync(`${file}.new`, `${provider}\n`);
renameSync(`${file}.new`, file);
console.log(`ai-router uses the ${provider} provider`);
