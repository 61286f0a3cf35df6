// Holds the port that it is given and knows nothing else.
import { createServer } from "node:net";

createServer((socket) => socket.destroy()).listen(Number(process.argv[2]), "127.0.0.1", () => {
  process.stdout.write("held\n");
});
