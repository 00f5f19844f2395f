// The lab: real hosts made of namespaces on one machine. The room's only door.
export { programDirectory } from './boot.ts';
export type { AddressChoice, Host, HostProcess } from './host.ts';
export type { CutOptions } from './lab.ts';
export { createLab, Lab, listLabs, openLab } from './lab.ts';
export type { HostOptions, InterfaceOptions, LabOptions } from './plan.ts';
export type { DoubleAnswer, Holding, Outage, ProbeEvent, ProbeLogReport } from './prober/log.ts';
export type { ProbeReport, Question } from './prober/options.ts';
export { questions } from './prober/options.ts';
export type { Probe, ProbeOptions, SeenListener } from './prober/probe.ts';
export { runProber } from './prober/program.ts';
export type { RunOptions, RunResult } from './processes.ts';
export { removeAllLabs, removeLab } from './removal.ts';
export { runResponder } from './responder.ts';
export { labRoot } from './state.ts';
export type { HostStatus, InterfaceStatus, LabStatus } from './status.ts';
export type { CutDirection, PortState } from './switch.ts';
