// The lab: real hosts made of namespaces on one machine. The room's only door.
export { programDirectory } from './boot.ts';
export type { AddressChoice, Host, HostProcess } from './host.ts';
export type { CutOptions } from './lab.ts';
export { createLab, Lab, listLabs, openLab } from './lab.ts';
export type { HostOptions, InterfaceOptions, LabOptions } from './plan.ts';
export type { RunOptions, RunResult } from './processes.ts';
export { removeAllLabs, removeLab } from './removal.ts';
export { labRoot } from './state.ts';
export type { HostStatus, InterfaceStatus, LabStatus } from './status.ts';
export type { CutDirection, PortState } from './switch.ts';
