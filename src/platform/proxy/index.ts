/**
 * The front proxy: a process of its own that owns the ports of all services with `listen`, so that
 * instances can come, go and die without a client noticing. The daemon starts it detached and
 * drives it through `ProxyRouter`; the proxy lives on when the daemon dies.
 */
export { ProxyRouter } from "./client.ts";
export { listenEffector, startProxyEffector } from "./effectors.ts";
export { ProxyKeeper } from "./keeper.ts";
export { proxyGone, proxySensor } from "./sensor.ts";
export { type ProxyPaths, proxyArguments, proxyEntry, startProxy } from "./start-proxy.ts";
