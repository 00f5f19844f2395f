// keepalived.conf(5): the whole grammar, from text to the typed configuration, with what is wrong with it.
export type { Finding, LinePlace } from './findings.ts';
export { formatFinding, verdictOf } from './findings.ts';
export type { ParsedConfiguration } from './parse.ts';
export { parseConfiguration } from './parse.ts';
export type { ProgramFacts, RoutingNameKind, Surroundings } from './surroundings.ts';
export { textSurroundings } from './text-surroundings.ts';
