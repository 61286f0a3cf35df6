/**
 * TLS: connections whose certificate is looked at before anything is sent (`openTls`), and the
 * sensor that reports how long it is valid and what is wrong with it.
 */
export { openTls, type ServedCertificate, type TlsAddress, type TlsOpening } from "./open-tls.ts";
export { createTlsSensor } from "./sensors.ts";
