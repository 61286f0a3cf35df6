/** Prints the URL of every module that `import "soulmirror"` loads. */
import { registerHooks } from "node:module";

const urls = [];
registerHooks({
  load(url, context, next) {
    urls.push(url);
    return next(url, context);
  },
});
await import("soulmirror");
console.log(JSON.stringify([...new Set(urls)]));
