// The kit: the few things every room needs. No `node:*`, no clock, no input or output.
export { AssertionFailure, assert, defined, unreachable } from './assert.ts';
export { BoundedQueue } from './bounded-queue.ts';
export type { Diagnostic, Place, Severity } from './diagnostic.ts';
export { formatDiagnostic, formatPlace, hasErrors } from './diagnostic.ts';
export { formatDuration, parseDurationMs } from './duration.ts';
export type { Failure, FailureKind } from './failure.ts';
export { CommandFailure, formatFailure } from './failure.ts';
export type { LogFields, Logger, LogLevel, LogSink } from './logger.ts';
export { loggerOf, logLevels, silentLogger } from './logger.ts';
export { nearest } from './nearest.ts';
export { Random } from './random.ts';
export type { Result } from './result.ts';
export { err, ok } from './result.ts';
export { addScores, clampScore, formatScore, INFINITY_SCORE } from './score.ts';
export { Slab } from './slab.ts';
