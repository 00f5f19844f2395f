// One document, looked at once.
import { writeFileSync } from 'node:fs';
import { serialiseXml, serialiseXmlDocument, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import {
  type AllocationParts,
  allocationHeading,
  allocationLines,
  describeCluster,
  describeExecution,
  describeRun,
  formatDot,
  formatGraph,
  type Injection,
  readCluster,
  renderModifications,
  reportXml,
  type SimulatedTransition,
  type Simulation,
  type SimulationRequest,
  type StateTexts,
  simulate,
  simulateTransition,
  stateOf,
  statusText,
} from '../../../scheduler/index.ts';
import { complaintsOf, type RunTime, readDocument, timeOfRun } from './document.ts';
import type { SimulateFlags } from './flags.ts';
import { explanation, reasonsFor } from './reasons.ts';
import { injectionsOf, resultsOf, withInjections } from './what-if.ts';

/** Where Pacemaker, and Haven in its place, keep the document of this node. */
const liveDocument = '/var/lib/pacemaker/cib/cib.xml';

export function runSimulation(given: SimulateFlags): void {
  const flags = given.inPlace ? inPlace(given) : given;
  const file = documentFile(flags);
  const document = readDocument(file);
  const time = timeOfRun(document.cib, flags.setDatetime);
  const injections = injectionsOf(flags, time.clock.epochSeconds);
  const cib = withInjections(document.cib, injections);
  if (flags.saveInput !== undefined) save(flags.saveInput, serialiseXmlDocument(cib));
  if (document.complaints !== '') process.stderr.write(document.complaints);
  const failures = resultsOf('--op-fail', flags.opFail);
  const explains = flags.why !== undefined;
  const request: SimulationRequest = { cib, now: time.now, clock: time.clock, reasons: explains, failures };
  const simulation = simulate(request);
  if (flags.saveGraph !== undefined) save(flags.saveGraph, formatGraph(simulation));
  if (flags.saveDotfile !== undefined)
    save(flags.saveDotfile, formatDot(simulation, flags.allActions ? 'all' : 'needed'));
  const transition = flags.simulate ? simulateTransition(request, simulation) : undefined;
  if (flags.saveOutput !== undefined) save(flags.saveOutput, serialiseXmlDocument(transition?.cib ?? cib));
  if (flags.verbose > 0) {
    const complaints = complaintsOf(document.cib, simulation.cluster.diagnostics, file);
    process.stderr.write(complaints.map((each) => `${formatDiagnostic(each)}\n`).join(''));
  }
  if (transition !== undefined && failures.length > 0 && transition.execution.failed === undefined)
    process.stderr.write('haven: nothing fails: the transition has no operation that --op-fail names\n');
  const text = reportText({ flags, time, before: document.cib, injections, request, simulation, transition });
  if (flags.outputTo === undefined || flags.outputTo === '-') process.stdout.write(text);
  else save(flags.outputTo, text);
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

function save(file: string, text: string): void {
  try {
    writeFileSync(file, text);
  } catch (cause) {
    throw new CommandFailure({ kind: 'failed', what: `cannot write ${file}`, why: String(cause) });
  }
}

type Report = {
  readonly flags: SimulateFlags;
  readonly time: RunTime;
  /** The document before `injections` changed it. */
  readonly before: XmlElement;
  readonly injections: readonly Injection[];
  readonly request: SimulationRequest;
  readonly simulation: Simulation;
  readonly transition: SimulatedTransition | undefined;
};

function reportText(report: Report): string {
  const { flags } = report;
  if (flags.json) return jsonReport(report);
  if (flags.outputAs === 'text') return textReport(report);
  const lists = { attributes: flags.showAttrs, failures: flags.showFailcounts };
  const parts = { ...allocationParts(flags), actions: looksAhead(flags) };
  const command = ['haven', ...process.argv.slice(2)].join(' ');
  return serialiseXml(reportXml({ ...report, command, lists, parts }));
}

/** Whether what would be done is of interest, and not only the state. */
function looksAhead(flags: SimulateFlags): boolean {
  const { run, simulate, showScores, showUtilization, saveGraph, saveDotfile } = flags;
  return run || simulate || showScores || showUtilization || saveGraph !== undefined || saveDotfile !== undefined;
}

function allocationParts({ showScores, showUtilization }: SimulateFlags): AllocationParts {
  return { scores: showScores, utilization: showUtilization };
}

function textReport(report: Report): string {
  const { flags, time, simulation, transition } = report;
  const out: string[] = [];
  const note = time.note === '' ? '' : `${time.note}\n`;
  if (flags.why !== undefined) {
    for (const name of flags.why) out.push(explanation(simulation, name));
    return out.join('\n');
  }
  const allocations = allocationLines(simulation, allocationParts(flags));
  if (flags.quiet) return allocations.map((line) => `${line}\n`).join('');
  out.push(stateBefore(report, note));
  const heading = allocationHeading(allocationParts(flags));
  if (heading !== undefined) out.push(`\n${heading}:\n`, ...allocations.map((line) => `  * ${line}\n`));
  if (looksAhead(flags)) out.push('\n', simulation.transition);
  if (transition !== undefined)
    out.push('\n', transition.executed, note, '\n', transition.revised, listed(flags, transition));
  return out.join('');
}

/** The state as the document has it, and what was changed in it; the time is said of each document that is looked at. */
function stateBefore({ flags, before, injections, request, simulation }: Report, note: string): string {
  if (injections.length === 0) return `${note}${statusText(simulation)}${listed(flags, simulation)}`;
  const state = stateOf(before, request);
  return `${note}${statusText(state)}${listed(flags, state)}\n${renderModifications(injections)}${note}`;
}

/** What is asked for beside the state of nodes and resources. */
function listed(flags: SimulateFlags, lists: Pick<StateTexts, 'attributes' | 'failures'>): string {
  return `${flags.showAttrs ? lists.attributes : ''}${flags.showFailcounts ? lists.failures : ''}`;
}

function jsonReport({ flags, before, request, simulation, transition }: Report): string {
  const described = {
    now: request.now.epochSeconds,
    current: describeCluster(readCluster(before, request)),
    ...describeRun(simulation),
    ...(transition === undefined
      ? {}
      : {
          execution: describeExecution(transition.execution),
          revised: describeCluster(readCluster(transition.cib, request)),
        }),
    ...(flags.why === undefined ? {} : { why: flags.why.map((name) => reasonsFor(simulation, name)) }),
  };
  return `${JSON.stringify(described, undefined, 1)}\n`;
}
