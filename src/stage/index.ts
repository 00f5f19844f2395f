// The stage: a served cluster of lab hosts with its client. The room's only door.
export { Client, describeSeen, type Watched } from './client.ts';
export {
  clientName,
  isServed,
  nodesDefault,
  nodesMax,
  type Profile,
  pair,
  processes,
  raiseHosts,
  type Safeguard,
  Stage,
  site,
  standbyEdit,
  stickiness,
  virtualAddress,
  workerPidFile,
} from './stage.ts';
