// One document, looked at once.
import { writeFileSync } from 'node:fs';
import { serialiseXml, serialiseXmlDocument } from '../../../cib/index.ts';
import { CommandFailure, formatDiagnostic } from '../../../kit/index.ts';
import {
  describeCluster,
  describeExecution,
  describeRun,
  formatDot,
  formatGraph,
  readCluster,
  reportXml,
  type SimulatedTransition,
  type Simulation,
  type SimulationRequest,
  scoreListing,
  simulate,
  simulateTransition,
  statusText,
} from '../../../scheduler/index.ts';
import { type RunTime, readDocument, timeOfRun } from './document.ts';
import type { SimulateFlags } from './flags.ts';
import { explanation, reasonsFor } from './reasons.ts';
import { resultsOf, withInjections } from './what-if.ts';

/** Where Pacemaker, and Haven in its place, keep the document of this node. */
const liveDocument = '/var/lib/pacemaker/cib/cib.xml';

export function runSimulation(given: SimulateFlags): void {
  const flags = given.inPlace ? inPlace(given) : given;
  const document = readDocument(documentFile(flags));
  const time = timeOfRun(document.cib, flags.setDatetime);
  const cib = withInjections(document.cib, flags, time.clock.epochSeconds);
  if (flags.saveInput !== undefined) save(flags.saveInput, serialiseXmlDocument(cib));
  if (document.complaints !== '') process.stderr.write(document.complaints);
  const failures = resultsOf('--op-fail', flags.opFail);
  const explains = flags.why !== undefined;
  const request: SimulationRequest = { cib, now: time.now, clock: time.clock, reasons: explains, failures };
  const simulation = simulate(request);
  if (flags.saveGraph !== undefined) save(flags.saveGraph, formatGraph(simulation));
  if (flags.saveDotfile !== undefined)
    save(flags.saveDotfile, formatDot(simulation, flags.allActions ? 'all' : 'needed'));
  const transition = needsTransition(flags) ? simulateTransition(request, simulation) : undefined;
  if (flags.saveOutput !== undefined && transition !== undefined) {
    save(flags.saveOutput, serialiseXmlDocument(transition.cib));
  }
  const report = { flags, time, request, simulation, transition };
  if (flags.verbose > 0)
    for (const each of simulation.cluster.diagnostics) process.stderr.write(`${formatDiagnostic(each)}\n`);
  const text = reportText(report);
  if (flags.outputTo === undefined || flags.outputTo === '-') process.stdout.write(text);
  else save(flags.outputTo, text);
}

function needsTransition(flags: SimulateFlags): boolean {
  return flags.simulate || flags.saveOutput !== undefined;
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
  readonly request: SimulationRequest;
  readonly simulation: Simulation;
  readonly transition: SimulatedTransition | undefined;
};

function reportText(report: Report): string {
  const { flags, request, simulation, transition } = report;
  if (flags.json) return jsonReport(report);
  if (flags.outputAs === 'text') return textReport(report);
  const parts = { scores: flags.showScores, actions: flags.run || flags.simulate };
  const command = ['haven', ...process.argv.slice(2)].join(' ');
  return serialiseXml(reportXml({ request, simulation, transition, command, parts }));
}

function textReport(report: Report): string {
  const { flags, time, simulation, transition } = report;
  const out: string[] = [];
  const note = time.note === '' ? '' : `${time.note}\n`;
  if (flags.why !== undefined) {
    for (const name of flags.why) out.push(explanation(simulation, name));
    return out.join('\n');
  }
  if (!flags.quiet) out.push(note, statusText(simulation), listed(flags, simulation));
  if (flags.showUtilization) {
    out.push(flags.quiet ? '' : '\nUtilization Information:\n', simulation.utilization);
  }
  if (flags.showScores) out.push(flags.quiet ? '' : '\nAssignment Scores:\n', scoreListing(simulation));
  if (flags.quiet || !(flags.run || flags.simulate)) return out.join('');
  out.push('\n', simulation.transition);
  if (flags.simulate && transition !== undefined)
    out.push('\n', transition.executed, note, '\n', transition.revised, listed(flags, transition));
  return out.join('');
}

/** What is asked for beside the state of nodes and resources. */
function listed(flags: SimulateFlags, lists: { readonly attributes: string; readonly failures: string }): string {
  return `${flags.showAttrs ? lists.attributes : ''}${flags.showFailcounts ? lists.failures : ''}`;
}

function jsonReport({ flags, request, simulation, transition }: Report): string {
  const described = {
    now: request.now.epochSeconds,
    current: describeCluster(readCluster(request.cib, request)),
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
