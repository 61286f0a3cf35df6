// The tiny app of the measurements: answers with its pid, and falls ill when it is asked to.
//   /health   always good       /metrics  work done and waiting, which grows while the worker lives
//   /block    the event loop never comes back    /stall  the worker dies, the port lives on
//   /leak     80 MB a second, never given back
import { createServer } from "node:http";

const leakBytesPerTurn = 8 * 1024 * 1024;
const leakEveryMs = 100;
const kept = [];
let done = 0;

const worker = setInterval(() => {
  done += 1;
}, 20);

const illnesses = {
  "/block": () => {
    for (;;);
  },
  "/stall": () => clearInterval(worker),
  "/leak": () => setInterval(() => kept.push(Buffer.alloc(leakBytesPerTurn, 1)), leakEveryMs),
};

createServer((request, response) => {
  if (request.url === "/metrics") {
    response.setHeader("content-type", "text/plain; version=0.0.4");
    response.end(`work_done_total ${done}\nwork_waiting 5\n`);
    return;
  }
  response.end(String(process.pid));
  const fallIll = illnesses[request.url];
  if (fallIll) setTimeout(() => fallIll(), 20);
}).listen(Number(process.env.PORT), "127.0.0.1");
