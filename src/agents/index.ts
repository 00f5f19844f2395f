// The agents room: what runs a resource. The pure part says how an operation is put to an agent and what its answer
// means; driver/ runs it.
export { type Agent, formatAgent, parseAgent } from './agent.ts';
export { type BuiltinName, builtinMetadata, type FastAgents, type Fate, type LapseEnd } from './builtin.ts';
export { type Account, accountOf } from './driver/builtin/account.ts';
export { outputBytesMax } from './driver/capture.ts';
export { AgentCatalogue } from './driver/catalogue.ts';
export { type ChildRequest, type ChildResult, runChild } from './driver/child.ts';
export {
  type ExecutionReport,
  NodeExecutor,
  type NodeExecutorOptions,
  type RunningSummary,
} from './driver/executor.ts';
export { type FenceRequest, type FenceRun, FenceRunner, type Reach } from './driver/fencing.ts';
export { type AgentFolders, runFence, runOperation, standardFolders } from './driver/runner.ts';
export { isAbsent, type Started } from './driver/started.ts';
export { type FenceTarget, type Operation, ocfEnvironment } from './environment.ts';
export {
  type ExecutorEffect,
  type ExecutorEvent,
  type ExecutorState,
  executor,
  nextDeadline as executorDeadline,
  type Request as ExecutorRequest,
  step as stepExecutor,
} from './executor.ts';
export { type FenceAction, type FenceDevice, staticTargets } from './fence/device.ts';
export { type AgentAction, type AgentMetadata, type AgentParameter, parseMetadata, secretNames } from './metadata.ts';
export type { Order } from './order.ts';
export { type OcfCode, type OperationStatus, type Outcome, reasonCharsMax } from './outcome.ts';
