import { buildCommand } from '@stricli/core';
import { CommandFailure, formatDuration, parseDurationMs } from '../../../kit/index.ts';
import type { Lab, Outage, ProbeEvent, ProbeReport, Question } from '../../../lab/index.ts';
import { formatTable } from '../../table.ts';
import { chosenLab, jsonFlag, type LabFlags, labFlag, wholeNumber } from './flags.ts';

type Flags = LabFlags & {
  readonly ask: Question;
  readonly from: string;
  readonly every?: number;
  readonly port?: number;
  readonly path?: string;
  readonly for?: number;
};

export const probeCommand = buildCommand({
  docs: {
    brief: 'Ask an address each millisecond: outages, who answers, whether two do',
    fullDescription:
      'Asks from a client host (made if need be) until Ctrl-C, or for the time given, then reports. Beside the question it asks ' +
      'by ARP who has the address, so that two hosts which have it at once are seen.',
  },
  parameters: {
    flags: {
      ask: { kind: 'enum', values: ['udp', 'arp', 'icmp', 'tcp', 'http'], default: 'udp', brief: 'The question' },
      from: { kind: 'parsed', parse: String, default: 'client', placeholder: 'HOST', brief: 'The host that asks' },
      every: {
        kind: 'parsed',
        parse: duration,
        optional: true,
        placeholder: 'TIME',
        brief: 'Default 1ms; for tcp and http 10ms',
      },
      port: {
        kind: 'parsed',
        parse: wholeNumber,
        optional: true,
        placeholder: 'N',
        brief: "Default: that of the lab's responder",
      },
      path: { kind: 'parsed', parse: String, optional: true, placeholder: '/PATH', brief: 'What to ask for by http' },
      for: {
        kind: 'parsed',
        parse: duration,
        optional: true,
        placeholder: 'TIME',
        brief: 'How long; default until Ctrl-C',
      },
      lab: labFlag,
      json: jsonFlag,
    },
    positional: { kind: 'tuple', parameters: [{ parse: String, placeholder: 'ADDRESS', brief: 'The address to ask' }] },
  },
  async func(flags: Flags, address: string) {
    const lab = await chosenLab(flags);
    await prepare(lab, flags);
    const { ask, every, port, path } = flags;
    const probe = await lab.probe(flags.from, {
      address,
      ask,
      ...(every === undefined ? {} : { everyMs: every }),
      ...(port === undefined ? {} : { port }),
      ...(path === undefined ? {} : { path }),
    });
    if (flags.json !== true) {
      const { monotonicMs } = await import('../../../linux/index.ts');
      const epochOffsetMs = Date.now() - monotonicMs();
      process.stdout.write(
        `Asking ${address} by ${ask} from ${flags.from}.${flags.for === undefined ? ' Ctrl-C ends it.' : ''}\n`,
      );
      probe.onSeen(({ by, event }) => {
        const line = by === 'question' || event.kind === 'double' ? describeEvent(event) : undefined;
        if (line !== undefined) process.stdout.write(`${timeOf(event, epochOffsetMs)}  ${line}\n`);
      });
    }
    await theEnd(flags.for);
    const report = await probe.stop();
    process.stdout.write(flags.json === true ? `${JSON.stringify(report)}\n` : formatReport(report));
  },
});

/** The client and the responders that the question needs, unless somebody else's server is asked. */
async function prepare(lab: Lab, flags: Flags): Promise<void> {
  const names = lab.hosts.map((host) => host.name);
  if (flags.from === 'client' && !names.includes('client')) await lab.addHost({ name: 'client' });
  const asksUs = flags.port === undefined && flags.ask !== 'arp' && flags.ask !== 'icmp';
  if (!asksUs) return;
  const { hosts } = await lab.status();
  await lab.respond(hosts.filter((host) => host.state === 'up' && host.name !== flags.from).map((host) => host.name));
}

function theEnd(forMs: number | undefined): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
    if (forMs !== undefined) setTimeout(resolve, forMs);
  });
}

function timeOf(event: ProbeEvent, epochOffsetMs: number): string {
  const atMs = event.kind === 'outage-ended' ? (event.outage.toMs ?? event.outage.fromMs) : event.atMs;
  return clock(atMs + epochOffsetMs);
}

function clock(epochMs: number): string {
  return new Date(epochMs).toISOString().slice(11, 23);
}

function describeEvent(event: ProbeEvent): string | undefined {
  switch (event.kind) {
    case 'holder':
      return `${event.by} answers`;
    case 'outage-began':
      return 'nobody answers';
    case 'outage-ended':
      return `answered again after ${exact(event.outage.durationMs)}`;
    case 'double':
      return `two answers at once: ${event.by.join(', ')}`;
  }
}

function formatReport(report: ProbeReport): string {
  const { requests, answered, gapMs, blindMs } = report;
  const asked = `${requests} requests in ${formatDuration(report.toMs - report.fromMs)}, ${requests - answered} unanswered`;
  const pace = `a request each ${gapMs.p50} ms (median; 99 % within ${gapMs.p99} ms, longest gap ${exact(gapMs.max)})`;
  const blind = blindMs === 0 ? '' : `, not asking for ${exact(blindMs)} in all`;
  const doubles = [...report.doubles, ...(report.arp?.doubles ?? [])];
  return [
    `\n${asked}; ${pace}${blind}.\n`,
    report.outages.length === 0 ? 'No outage.\n' : `\n${formatOutages(report)}`,
    ...doubles.map(({ by, fromMs, toMs }) => `Two answers at once for ${exact(toMs - fromMs)}: ${by.join(', ')}.\n`),
  ].join('');
}

function formatOutages(report: ProbeReport): string {
  const row = (outage: Outage) => [
    clock(outage.fromMs + report.epochOffsetMs),
    outage.toMs === undefined ? `over ${exact(outage.durationMs)}` : exact(outage.durationMs),
    String(outage.unanswered),
    outage.before ?? '-',
    outage.after ?? '-',
  ];
  return formatTable(['OUTAGE FROM (UTC)', 'LASTED', 'UNANSWERED', 'BEFORE', 'AFTER'], report.outages.map(row));
}

function exact(ms: number): string {
  return `${Math.round(ms)} ms`;
}

function duration(text: string): number {
  const ms = parseDurationMs(text, 'ms');
  if (ms !== undefined && ms >= 1) return ms;
  throw new CommandFailure({ kind: 'usage', what: `'${text}' is not a time`, fix: 'Write 1ms, 500ms, 10s' });
}
