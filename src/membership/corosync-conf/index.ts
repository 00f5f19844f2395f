// corosync.conf: read, checked, and turned into what a ring of ours runs by.
export { type CheckedConfig, linkNumberMax, nodeOf, readCorosyncConf } from './interpret.ts';
export type { ConfiguredLink, ConfiguredNode, CorosyncConfig, Machine } from './model.ts';
export { type ParsedConfig, parseCorosyncConf } from './parse.ts';
