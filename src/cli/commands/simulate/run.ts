// One document, looked at once.
import { serialiseXml, serialiseXmlDocument, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import {
  type AllocationParts,
  allocationHeading,
  allocationLines,
  describeCluster,
  describeExecution,
  describeRun,
  documentAfter,
  dotTexts,
  executionTexts,
  graphTexts,
  type Injection,
  type Outcome,
  readCluster,
  renderModifications,
  reportXml,
  revisedState,
  type SimulatedTransition,
  type Simulation,
  type SimulationRequest,
  type StateTexts,
  simulate,
  simulateTransition,
  stateOf,
  statusText,
  transitionErrors,
} from '../../../scheduler/index.ts';
import { exitCodeOf } from '../../exit-code.ts';
import { complaintsOf, localOffset, type RunTime, readDocument, requireValid, timeOfRun } from './document.ts';
import type { SimulateFlags } from './flags.ts';
import { freeUnused } from './memory.ts';
import { optimiseFor } from './optimising.ts';
import { commandLine, pause, print, save } from './output.ts';
import { injectionsOf, resultsOf, withInjections } from './what-if.ts';

/** Where Pacemaker, and Haven in its place, keep the document of this node. */
const liveDocument = '/var/lib/pacemaker/cib/cib.xml';

export async function runSimulation(given: SimulateFlags): Promise<void> {
  const flags = given.inPlace ? inPlace(given) : given;
  const file = documentFile(flags);
  optimiseFor(file);
  const document = readDocument(file);
  requireValid(document.cib, file);
  const time = timeOfRun(document.cib, flags.setDatetime);
  const injections = injectionsOf(flags, time.clock.epochSeconds);
  const cib = withInjections(document.cib, injections);
  if (flags.saveInput !== undefined) save(flags.saveInput, [serialiseXmlDocument(cib)]);
  if (document.complaints !== '') process.stderr.write(document.complaints);
  const failures = resultsOf('--op-fail', flags.opFail);
  const why = await explanationsOf(flags.why);
  const texts = flags.quiet && flags.outputAs === 'text' && !flags.json && why === undefined ? 'none' : 'all';
  const reasons = why !== undefined;
  const request: SimulationRequest = { cib, now: time.now, clock: time.clock, localOffset, reasons, failures, texts };
  const report = reportTexts({ flags, file, time, before: document.cib, injections, request, why });
  if (flags.outputTo === undefined || flags.outputTo === '-') await print(report);
  else save(flags.outputTo, report);
}

/** The document that comes out goes where the one that was looked at came from. */
function inPlace(flags: SimulateFlags): SimulateFlags {
  const saveOutput = flags.xmlFile;
  if (saveOutput === undefined || saveOutput === '-') {
    const fix = 'Name one with --xml-file FILE';
    throw new CommandFailure({ kind: 'usage', what: '--in-place has no file to write to', fix });
  }
  return { ...flags, simulate: true, saveOutput };
}

function documentFile({ xmlFile, xmlPipe, liveCheck }: SimulateFlags): string {
  if (xmlFile !== undefined) return xmlFile;
  if (xmlPipe) return '-';
  if (liveCheck || process.env.CIB_file !== undefined) return process.env.CIB_file ?? liveDocument;
  const fix = 'Name one with --xml-file FILE, or ask for the one of this node with --live-check';
  throw new CommandFailure({ kind: 'usage', what: 'which document?', fix });
}

type Explanations = Pick<typeof import('../../../api/index.ts'), 'explanation' | 'reasonsFor'> & {
  readonly names: readonly string[];
};

/** The room that explains also serves the API: loading that takes as long as a small document. */
async function explanationsOf(names: readonly string[] | undefined): Promise<Explanations | undefined> {
  if (names === undefined) return undefined;
  const { explanation, reasonsFor } = await import('../../../api/index.ts');
  return { names, explanation, reasonsFor };
}

type Question = {
  readonly flags: SimulateFlags;
  readonly file: string;
  readonly time: RunTime;
  /** The document before `injections` changed it. */
  readonly before: XmlElement;
  readonly injections: readonly Injection[];
  readonly request: SimulationRequest;
  readonly why: Explanations | undefined;
};

type Report = Question & {
  readonly simulation: Simulation;
  readonly transition: SimulatedTransition | undefined;
};

/** Of a large cluster, what was decided and what it leads to hardly fit into memory together: first the one, then the other. */
function* reportTexts(question: Question): Generator<string> {
  const { flags, time, request, why } = question;
  const outcome = yield* decisionTexts(question);
  const isShown =
    outcome !== undefined && flags.outputAs === 'text' && !flags.json && !flags.quiet && why === undefined;
  if (!isShown && flags.saveOutput === undefined) return;
  freeUnused();
  const after = outcome === undefined ? request.cib : documentAfter(outcome);
  if (flags.saveOutput !== undefined) save(flags.saveOutput, [serialiseXmlDocument(after)]);
  if (!isShown) return;
  const { current, ...lists } = revisedState(after, request);
  yield `${noteLine(time)}\n${current}${listed(flags, lists)}`;
}

/** Ends with what a simulated transition leaves behind. */
function* decisionTexts(question: Question): Generator<string, Outcome | undefined> {
  const { flags } = question;
  const report = answer(question);
  if (flags.json) yield jsonReport(report);
  else if (flags.outputAs === 'text') yield* textReport(report);
  else {
    const lists = { attributes: flags.showAttrs, failures: flags.showFailcounts };
    const parts = { ...allocationParts(flags), actions: looksAhead(flags) };
    yield serialiseXml(reportXml({ ...report, command: commandLine(), lists, parts }));
  }
  yield* complaint(report);
  return report.transition?.outcome;
}

/** Said where it happens, between what is printed before and after; the result format has a place of its own for it. */
function* complaint({ flags, transition }: Report): Generator<string> {
  const errors = transition === undefined ? [] : transitionErrors(transition.execution);
  if (errors.length === 0) return;
  process.exitCode = exitCodeOf('failed');
  if (flags.outputAs === 'xml') return;
  yield pause;
  process.stderr.write(errors.map((line) => `${line}\n`).join(''));
}

/** Decides, carries it out in thought, and writes the files that tell of it. */
function answer(question: Question): Report {
  const { flags, file, before, request } = question;
  const simulation = simulate(request);
  if (flags.saveGraph !== undefined) save(flags.saveGraph, graphTexts(simulation));
  if (flags.saveDotfile !== undefined)
    save(flags.saveDotfile, dotTexts(simulation, flags.allActions ? 'all' : 'needed'));
  const transition = flags.simulate ? simulateTransition(request, simulation) : undefined;
  if (flags.verbose > 0) {
    const complaints = complaintsOf(before, simulation.cluster.diagnostics, file);
    process.stderr.write(complaints.map((each) => `${formatDiagnostic(each)}\n`).join(''));
  }
  const meantToFail = request.failures?.length ?? 0;
  if (transition !== undefined && meantToFail > 0 && transition.execution.failed === undefined)
    process.stderr.write('haven: nothing fails: the transition has no operation that --op-fail names\n');
  return { ...question, simulation, transition };
}

/** Whether what would be done is of interest, and not only the state. */
function looksAhead(flags: SimulateFlags): boolean {
  const { run, simulate, showScores, showUtilization, saveGraph, saveDotfile } = flags;
  return run || simulate || showScores || showUtilization || saveGraph !== undefined || saveDotfile !== undefined;
}

function allocationParts({ showScores, showUtilization }: SimulateFlags): AllocationParts {
  return { scores: showScores, utilization: showUtilization };
}

function* textReport(report: Report): Generator<string> {
  const { flags, time, request, simulation, transition, why } = report;
  if (why !== undefined) {
    yield why.names.map((name) => why.explanation(simulation, name)).join('\n');
    return;
  }
  const parts = allocationParts(flags);
  if (flags.quiet) {
    for (const line of allocationLines(simulation, parts)) yield `${line}\n`;
    return;
  }
  yield stateBefore(report, noteLine(time));
  const heading = allocationHeading(parts);
  if (heading !== undefined) {
    yield `\n${heading}:\n`;
    for (const line of allocationLines(simulation, parts)) yield `  * ${line}\n`;
  }
  if (looksAhead(flags)) yield `\n${simulation.transition}`;
  if (transition === undefined) return;
  yield '\n';
  yield* executionTexts(simulation.cluster, transition.execution, request.clock.epochSeconds);
}

function noteLine({ note }: RunTime): string {
  return note === '' ? '' : `${note}\n`;
}

/** The state as the document has it, and what was changed in it; the time is said of each document that is looked at. */
function stateBefore({ flags, before, injections, request, simulation }: Report, note: string): string {
  if (injections.length === 0) return `${note}${statusText(simulation)}${listed(flags, simulation)}`;
  const state = stateOf(before, request);
  return `${note}${statusText(state)}${listed(flags, state)}\n${renderModifications(injections, before)}${note}`;
}

/** What is asked for beside the state of nodes and resources. */
function listed(flags: SimulateFlags, lists: Pick<StateTexts, 'attributes' | 'failures'>): string {
  return `${flags.showAttrs ? lists.attributes : ''}${flags.showFailcounts ? lists.failures : ''}`;
}

function jsonReport({ before, request, simulation, transition, why }: Report): string {
  const display = { ...request, purpose: 'display' } as const;
  const described = {
    now: request.now.epochSeconds,
    current: describeCluster(readCluster(before, display)),
    ...describeRun(simulation),
    ...(transition === undefined
      ? {}
      : {
          execution: describeExecution(transition.execution),
          revised: describeCluster(readCluster(documentAfter(transition.outcome), display)),
        }),
    ...(why === undefined ? {} : { why: why.names.map((name) => why.reasonsFor(simulation, name)) }),
  };
  return `${JSON.stringify(described, undefined, 1)}\n`;
}
