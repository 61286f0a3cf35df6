/** Prints the URL of every file that `import "soulmirror"` loads, and what it loads of Node. */
import { registerHooks } from "node:module";

const urls = new Set();
registerHooks({
  load(url, context, next) {
    if (!url.startsWith("node:")) urls.add(url);
    return next(url, context);
  },
});
const before = new Set(process.moduleLoadList);
await import("soulmirror");
const ofNode = process.moduleLoadList
  .filter((entry) => !before.has(entry) && entry.startsWith("NativeModule "))
  .map((entry) => entry.slice("NativeModule ".length));
console.log(JSON.stringify({ urls: [...urls], ofNode }));
