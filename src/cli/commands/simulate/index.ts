import { buildCommand } from '@stricli/core';
import { CommandFailure } from '../../../kit/index.ts';
import type { SimulateFlags } from './flags.ts';
import { optimiseSoon } from './optimising.ts';

const text = { kind: 'parsed', parse: String, optional: true } as const;
const texts = { kind: 'parsed', parse: String, optional: true, variadic: true } as const;
const count = { kind: 'parsed', parse: positiveCount, optional: true } as const;
const onOff = { kind: 'boolean', default: false } as const;

export const simulateCommand = buildCommand({
  docs: { brief: 'Say what the cluster would do, and why; what if a node or a resource failed' },
  parameters: {
    flags: {
      live: { ...onOff, brief: 'On the running cluster: what would be done now' },
      fail: { ...texts, brief: 'On the running cluster: what if the node were lost', placeholder: 'NODE' },
      standby: { ...texts, brief: 'On the running cluster: what if it went to standby', placeholder: 'NODE' },
      stop: { ...texts, brief: 'On the running cluster: what if the resource were stopped', placeholder: 'RESOURCE' },
      set: { ...texts, brief: 'On the running cluster: what if the option were so', placeholder: 'NAME=VALUE' },
      apply: { ...text, brief: 'On the running cluster: what if this were its configuration', placeholder: 'FILE' },
      xmlFile: { ...text, brief: "The cluster's document ('-': standard input)", placeholder: 'FILE' },
      xmlPipe: { ...onOff, brief: 'Read the document from standard input' },
      liveCheck: { ...onOff, brief: 'Look at the document of this node (CIB_file, else where the daemon keeps it)' },
      run: { ...onOff, brief: 'Decide, but do not go on to what comes after' },
      simulate: { ...onOff, brief: 'Decide, do it in thought, and show the state after' },
      inPlace: { ...onOff, brief: 'As --simulate, and put the document after it into the file it came from' },
      showScores: { ...onOff, brief: 'List the scores of every resource on every node' },
      showUtilization: { ...onOff, brief: 'List what nodes have and resources need' },
      showFailcounts: { ...onOff, brief: 'List the failures that are remembered' },
      showAttrs: { ...onOff, brief: 'List the attributes of the nodes' },
      pending: { ...onOff, brief: 'Show what is under way (always so)' },
      textFancy: { ...onOff, brief: 'Print headings and nested lists (always so)' },
      verbose: { kind: 'counter', brief: 'Say on standard error what is wrong with the document' },
      profile: { ...text, brief: 'Time every document of a folder', placeholder: 'DIR' },
      repeat: { ...count, brief: 'With --profile: as many times each', placeholder: 'N' },
      outputTo: { ...text, brief: "Where the report goes ('-': standard output)", placeholder: 'FILE' },
      allActions: { ...onOff, brief: 'Draw in --save-dotfile also what need not be done' },
      quiet: { ...onOff, brief: 'Only what was asked for' },
      saveGraph: { ...text, brief: 'Write the transition graph', placeholder: 'FILE' },
      saveDotfile: { ...text, brief: 'Write the transition graph for Graphviz', placeholder: 'FILE' },
      saveInput: { ...text, brief: 'Write the document that was looked at', placeholder: 'FILE' },
      saveOutput: { ...text, brief: 'Write the document after the simulated transition', placeholder: 'FILE' },
      setDatetime: { ...text, brief: 'Look at it as if it were this time', placeholder: 'DATE' },
      quorum: { ...text, brief: 'With quorum (true) or without (false)' },
      watchdog: { ...text, brief: 'With a watchdog (true) or without (false)' },
      nodeUp: { ...texts, brief: 'Bring a node up first', placeholder: 'NODE' },
      nodeDown: { ...texts, brief: 'Take a node down first', placeholder: 'NODE' },
      nodeFail: { ...texts, brief: 'Let a node be lost first', placeholder: 'NODE' },
      opInject: { ...texts, brief: 'Let an operation have ended so', placeholder: 'RSC_TASK_MS@NODE=RC' },
      opFail: { ...texts, brief: 'Let an operation of the transition fail', placeholder: 'RSC_TASK_MS@NODE=RC' },
      ticketGrant: { ...texts, brief: 'Grant a ticket first', placeholder: 'TICKET' },
      ticketRevoke: { ...texts, brief: 'Revoke a ticket first', placeholder: 'TICKET' },
      ticketStandby: { ...texts, brief: 'Put a ticket in standby first', placeholder: 'TICKET' },
      ticketActivate: { ...texts, brief: 'Take a ticket out of standby first', placeholder: 'TICKET' },
      why: { ...texts, brief: 'Explain where a resource goes and what is done with it', placeholder: 'RESOURCE' },
      outputAs: {
        kind: 'enum',
        values: ['text', 'xml'],
        default: 'text',
        brief: 'xml: the result format of Pacemaker',
      },
      json: { ...onOff, brief: 'Everything as JSON' },
      suite: { ...text, brief: 'Run every case of a folder', placeholder: 'DIR' },
      output: { ...text, brief: 'Where the results of a suite go', placeholder: 'DIR' },
      only: { ...text, brief: 'Only cases of the suite whose name contains this' },
    },
    aliases: {
      x: 'xmlFile',
      p: 'xmlPipe',
      L: 'liveCheck',
      R: 'run',
      S: 'simulate',
      X: 'inPlace',
      s: 'showScores',
      U: 'showUtilization',
      c: 'showFailcounts',
      A: 'showAttrs',
      a: 'allActions',
      j: 'pending',
      V: 'verbose',
      P: 'profile',
      N: 'repeat',
      Q: 'quiet',
      G: 'saveGraph',
      D: 'saveDotfile',
      I: 'saveInput',
      O: 'saveOutput',
      t: 'setDatetime',
      q: 'quorum',
      w: 'watchdog',
      u: 'nodeUp',
      d: 'nodeDown',
      f: 'nodeFail',
      i: 'opInject',
      F: 'opFail',
      g: 'ticketGrant',
      r: 'ticketRevoke',
      b: 'ticketStandby',
      e: 'ticketActivate',
    },
  },
  async func(flags: SimulateFlags) {
    if (isAboutLive(flags)) {
      const { simulateLive } = await import('./live.ts');
      return simulateLive(flags);
    }
    if (flags.profile !== undefined || flags.suite !== undefined) optimiseSoon();
    if (flags.profile !== undefined) {
      const { profileFolder } = await import('./profile.ts');
      return profileFolder({ ...flags, profile: flags.profile });
    }
    if (flags.suite === undefined) {
      const { runSimulation } = await import('./run.ts');
      return runSimulation(flags);
    }
    if (flags.output === undefined) {
      throw new CommandFailure({ kind: 'usage', what: '--suite DIR needs --output DIR', why: 'it writes many files' });
    }
    const { runSuite } = await import('./suite.ts');
    const failed = runSuite({ folder: flags.suite, output: flags.output, only: flags.only });
    if (failed > 0) throw new CommandFailure({ kind: 'failed', what: `${failed} cases could not be run` });
  },
});

function positiveCount(text: string): number {
  const value = Number(text);
  if (Number.isSafeInteger(value) && value > 0) return value;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is no count: it takes a whole number from 1 up` });
}

function isAboutLive({ live, fail, standby, stop, set, apply }: SimulateFlags): boolean {
  return live || [fail, standby, stop, set].some((words) => (words ?? []).length > 0) || apply !== undefined;
}
