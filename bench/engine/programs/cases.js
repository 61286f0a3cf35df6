/**
 * The cases, each for a process of its own. A case makes two loops: over the bare work, and over
 * the work behind an engine or a peer. Each loop is a function of its own, so that neither runs on
 * what V8 has learned from the other.
 */
const halfOpenAfter = 60_000;
/** No number of failures opens these. */
const never = 1e9;

const work = async (value) => value;

async function workFails() {
  throw new Error("it failed");
}

async function workLater(value) {
  await new Promise(setImmediate);
  return value;
}

class Service {
  async work(value) {
    return value;
  }

  async workFails() {
    throw new Error("it failed");
  }

  async workLater(value) {
    await new Promise(setImmediate);
    return value;
  }

  workAtOnce(value) {
    return value;
  }
}

const settings = {
  breaker: { timeout: 0, autoRetry: false },
  full: { timeout: 10_000, autoRetry: true, bulkhead: { limit: 100 } },
  /** As it comes. */
  defaults: {},
  failing: { timeout: 0, autoRetry: false, breaker: { failureThreshold: never } },
  concurrent: { timeout: 10_000, autoRetry: true, bulkhead: { limit: 2000 } },
};

export let failures = 0;
function hear() {
  failures += 1;
}

async function wrapped(calls, engineOptions = {}) {
  const { createEngine } = await import("soulmirror");
  const engine = createEngine({ service: "bench", ...engineOptions });
  engine.on("service_error", hear);
  const raw = new Service();
  return { engine, raw, service: engine.wrap("service", raw, settings[calls]) };
}

function asynchronous({ raw, service }) {
  return {
    async bare(count) {
      for (let index = 0; index < count; index += 1) await raw.work(index);
    },
    async measured(count) {
      for (let index = 0; index < count; index += 1) await service.work(index);
    },
  };
}

const inTurn = 8;

/**
 * As services have them: several things, each with what protects it. What V8 can work out in
 * advance for the only one of a process it cannot for these.
 */
async function several(make) {
  const all = [];
  for (let number = 0; number < inTurn; number += 1) all.push(await make(number));
  return {
    async bare(count) {
      for (let index = 0; index < count; index += 1) await all[index % inTurn].raw.work(index);
    },
    async measured(count) {
      for (let index = 0; index < count; index += 1) await all[index % inTurn].service.work(index);
    },
  };
}

/** Of each number a class, and a function, of its own. */
function classOfItsOwn() {
  return class {
    async work(value) {
      return value;
    }
  };
}

async function severalWrapped(calls, engineOptions) {
  const { engine } = await wrapped(calls, engineOptions);
  return await several((number) => {
    const raw = new (classOfItsOwn())();
    return { raw, service: engine.wrap(`service-${number}`, raw, settings[calls]) };
  });
}

function synchronous({ raw, service }) {
  let sum = 0;
  return {
    bare(count) {
      for (let index = 0; index < count; index += 1) sum += raw.workAtOnce(index);
      return sum;
    },
    measured(count) {
      for (let index = 0; index < count; index += 1) sum += service.workAtOnce(index);
      return sum;
    },
  };
}

function failing({ raw, service }) {
  return {
    async bare(count) {
      for (let index = 0; index < count; index += 1) {
        try {
          await raw.workFails();
        } catch {
          failures += 1;
        }
      }
    },
    async measured(count) {
      for (let index = 0; index < count; index += 1) {
        try {
          await service.workFails();
        } catch {
          failures += 1;
        }
      }
    },
  };
}

/** The same calls as `asynchronous`; those of the measured side are refused. */
function refused({ raw, service }) {
  return {
    async bare(count) {
      for (let index = 0; index < count; index += 1) await raw.work(index);
    },
    async measured(count) {
      for (let index = 0; index < count; index += 1) {
        try {
          await service.work(index);
          throw new TypeError("the circuit is not open");
        } catch (error) {
          if (error instanceof TypeError) throw error;
          failures += 1;
        }
      }
    },
  };
}

const atOnce = 1000;

function concurrent({ raw, service }) {
  return {
    async bare(count) {
      for (let left = count; left > 0; left -= atOnce) {
        const calls = [];
        for (let index = 0; index < atOnce; index += 1) calls.push(raw.workLater(index));
        await Promise.all(calls);
      }
    },
    async measured(count) {
      for (let left = count; left > 0; left -= atOnce) {
        const calls = [];
        for (let index = 0; index < atOnce; index += 1) calls.push(service.workLater(index));
        await Promise.all(calls);
      }
    },
    least: atOnce,
  };
}

async function cockatiel({ action = work, breaksAfter = 5, isHeard = false, around } = {}) {
  const kit = await import("cockatiel");
  const breaker = kit.circuitBreaker(kit.handleAll, {
    halfOpenAfter,
    breaker: new kit.ConsecutiveBreaker(breaksAfter),
  });
  const policy = around === undefined ? breaker : around(kit, breaker);
  if (isHeard) policy.onFailure(hear);
  return {
    raw: { work: action, workFails, workLater },
    service: {
      work: () => policy.execute(action),
      workFails: () => policy.execute(workFails),
      workLater: () => policy.execute(workLater),
    },
    policy,
  };
}

const cockatielWrap = (timeoutOptions) => (kit, breaker) =>
  kit.wrap(
    kit.retry(kit.handleAll, { maxAttempts: 3, backoff: new kit.ExponentialBackoff() }),
    breaker,
    kit.timeout(10_000, { strategy: kit.TimeoutStrategy.Aggressive, ...timeoutOptions }),
  );

async function opossum({ action = work, isHeard = false, ...options } = {}) {
  const { default: CircuitBreaker } = await import("opossum");
  const breaker = new CircuitBreaker(action, options);
  if (isHeard) breaker.on("failure", hear);
  return {
    raw: { work: action, workFails, workLater },
    service: {
      work: () => breaker.fire(1),
      workFails: () => breaker.fire(1),
      workLater: () => breaker.fire(1),
    },
    breaker,
  };
}

const opossumStays = { errorThresholdPercentage: 100, volumeThreshold: never };

async function openedCircuit() {
  const made = await wrapped("breaker");
  for (let index = 0; index < 5; index += 1) await made.service.workFails().catch(hear);
  const { engine } = made;
  // The method that fails and the one that is measured are two operations.
  engine.isolate("service.work", "the bench");
  return made;
}

async function failedCircuit() {
  const made = await wrapped("breaker");
  for (let index = 0; index < 5; index += 1) await made.service.workFails().catch(hear);
  return { raw: made.raw, service: { work: () => made.service.workFails() } };
}

async function openCockatiel() {
  const made = await cockatiel();
  for (let index = 0; index < 5; index += 1) await made.service.workFails().catch(hear);
  return made;
}

async function openOpossum() {
  const made = await opossum();
  made.breaker.open();
  return made;
}

async function withMode(mode, calls) {
  const made = await wrapped(calls);
  made.engine.setMode(mode);
  return made;
}

async function switchedOff() {
  process.env.RELIABILITY_ENGINE_ENABLED = "false";
  return await wrapped("breaker");
}

const every = { sampling: "every" };
const adaptive = { sampling: "adaptive" };

export const cases = {
  "breaker, 1/1": async () => asynchronous(await wrapped("breaker", every)),
  "breaker, adaptive": async () => asynchronous(await wrapped("breaker", adaptive)),
  "as it comes": async () => asynchronous(await wrapped("defaults")),
  "full, 1/1": async () => asynchronous(await wrapped("full", every)),
  "full, adaptive": async () => asynchronous(await wrapped("full", adaptive)),
  "mode off": async () => asynchronous(await withMode("off", "breaker")),
  "switched off": async () => asynchronous(await switchedOff()),
  "shadow, 1/1": async () => asynchronous(await wrapped("full", { ...every, mode: "shadow" })),
  "shadow, adaptive": async () =>
    asynchronous(await wrapped("full", { ...adaptive, mode: "shadow" })),
  "sync, 1/1": async () => synchronous(await wrapped("breaker", every)),
  "sync, adaptive": async () => synchronous(await wrapped("breaker", adaptive)),
  "failing, 1/1": async () => failing(await wrapped("failing", every)),
  "failing, adaptive": async () => failing(await wrapped("failing", adaptive)),
  "failing in shadow": async () => failing(await wrapped("failing", { ...every, mode: "shadow" })),
  open: async () => refused(await failedCircuit()),
  isolated: async () => refused(await openedCircuit()),
  "concurrent, full": async () => concurrent(await wrapped("concurrent", every)),
  "concurrent, breaker": async () => concurrent(await wrapped("breaker", every)),
  "cockatiel breaker": async () => asynchronous(await cockatiel()),
  "cockatiel breaker, heard": async () => asynchronous(await cockatiel({ isHeard: true })),
  "cockatiel wrap": async () => asynchronous(await cockatiel({ around: cockatielWrap() })),
  "cockatiel wrap, heard": async () =>
    asynchronous(await cockatiel({ around: cockatielWrap(), isHeard: true })),
  "cockatiel wrap, abortOnReturn: false": async () =>
    asynchronous(await cockatiel({ around: cockatielWrap({ abortOnReturn: false }) })),
  "cockatiel failing": async () => failing(await cockatiel({ breaksAfter: never, isHeard: true })),
  "cockatiel open": async () => refused(await openCockatiel()),
  "concurrent, cockatiel wrap": async () =>
    concurrent(await cockatiel({ around: cockatielWrap() })),
  "concurrent, cockatiel breaker": async () => concurrent(await cockatiel()),
  "eight, breaker, 1/1": () => severalWrapped("breaker", every),
  "eight, breaker, adaptive": () => severalWrapped("breaker", adaptive),
  "eight, full, 1/1": () => severalWrapped("full", every),
  "eight, cockatiel breaker": () => several(() => cockatiel({ action: async () => 1 })),
  "eight, cockatiel breaker, heard": () =>
    several(() => cockatiel({ action: async () => 1, isHeard: true })),
  "eight, opossum": () => several(() => opossum({ action: async () => 1 })),
  opossum: async () => asynchronous(await opossum()),
  "opossum, heard": async () => asynchronous(await opossum({ isHeard: true })),
  "opossum failing": async () =>
    failing(await opossum({ action: workFails, isHeard: true, ...opossumStays })),
  "opossum failing, no timeout, no percentiles": async () =>
    failing(
      await opossum({
        action: workFails,
        isHeard: true,
        timeout: false,
        rollingPercentilesEnabled: false,
        ...opossumStays,
      }),
    ),
  "opossum open": async () => refused(await openOpossum()),
  "concurrent, opossum": async () => concurrent(await opossum({ action: workLater })),
};
