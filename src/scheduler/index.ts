// The scheduler: the CIB and the time in; placement, scores, actions and their reasons out. Pure; runs in a browser too.

export type { Action } from './actions/action.ts';
export { featureSet } from './actions/parameter-digests.ts';
export { assignResources } from './assignment/assignment.ts';
export { formatScoreLine, type ScoreLine, type ScoreListing } from './assignment/listing.ts';
export { instantOfRun, type RunSettings } from './configuration/cluster.ts';
export { parametersOf } from './configuration/meta.ts';
export { childrenOf, visitPrimitives } from './configuration/tree.ts';
export { type ActionAttributes, attributesOf } from './graph/attributes.ts';
export { type DotExtent, dotTexts, formatDot } from './graph/dot.ts';
export { elementOf, type Synapse, type TransitionGraph } from './graph/graph.ts';
export { agentNames, formatGraph, graphTexts } from './graph/graph-xml.ts';
export { operationKeyOf } from './graph/operation-key.ts';
export { routerOf } from './graph/router.ts';
export * from './model/index.ts';
export { placeResources, prepareAssignment, readCluster } from './placement.ts';
export { type ActionReasons, actionReasons, formatActionReasons } from './reasons/action-reasons.ts';
export {
  type Contribution,
  formatPlacementReasons,
  type NodeReasons,
  type PlacementReasons,
  placementReasons,
} from './reasons/placement-reasons.ts';
export { type AllocationParts, allocationHeading, allocationLines } from './render/allocations.ts';
export { type RunRequest, type Schedule, schedule, scheduleCluster } from './schedule.ts';
export { digestedParameters } from './simulate/effects.ts';
export { execute } from './simulate/execution.ts';
export { type Injection, inject, type OperationResult, parseOperationResult } from './simulate/injection.ts';
export { executionTexts, transitionErrors } from './simulate/lines.ts';
export { renderModifications } from './simulate/modifications.ts';
export { documentAfter, type Outcome } from './simulate/outcome.ts';
export {
  revisedState,
  type SimulatedTransition,
  type Simulation,
  type SimulationRequest,
  type StateTexts,
  scoreListing,
  simulate,
  simulateTransition,
  simulationSummary,
  stateOf,
  statusText,
} from './simulate/report.ts';
export { reportXml, resultXml, type XmlReport } from './simulate/report-xml.ts';
export { type DescribedRun, describeCluster, describeExecution, describeRun } from './simulate/structured.ts';
