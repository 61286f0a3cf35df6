/** Errors that are grouped, followed through the services that they hurt, and learned from. */
export { ErrorBook, type HeardError, type Noticed } from "./error-book.ts";
export type { ErrorGroup, Evidence } from "./error-group.ts";
export type { ErrorPath } from "./error-place.ts";
export { type ErrorRelation, ErrorRelations, type Expected } from "./error-relations.ts";
export { type ErrorReport, type ErrorsReport, reportOf } from "./error-report.ts";
export { headlineOf } from "./headline.ts";
