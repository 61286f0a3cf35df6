/** Structured log: one JSON object a line on stdout, so that any collector can read it. */
export function createLog(service) {
  const write = (level, message, fields) => {
    const line = { at: new Date().toISOString(), level, service, message, ...fields };
    process.stdout.write(`${JSON.stringify(line)}\n`);
  };
  return {
    info: (message, fields) => write("info", message, fields),
    warn: (message, fields) => write("warn", message, fields),
    error: (message, fields) => write("error", message, fields),
  };
}
