// Captures: tcpdump on a switch, or on an interface of a host. It runs in the lab's PID namespace, so it ends with the lab,
// but sees this machine's files, so the capture stays.

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CommandFailure } from '../../kit/index.ts';
import { onlyChild } from '../host.ts';
import { missingProgram } from '../processes.ts';
import { type CapturedFrame, readPcap } from './pcap.ts';

export type CaptureOptions = {
  /** What to keep, as tcpdump writes it (man 7 pcap-filter): `vrrp`, `arp or icmp6`. Default: all. */
  readonly filter?: string;
  /** Where to keep it. Default: nowhere, `stop` answers the frames. */
  readonly file?: string;
};

export type CapturePlace = {
  readonly labPid: number;
  /** A process in the network namespace where to listen: the lab's, or a host's init. */
  readonly networkPid: number;
  readonly interfaceName: string;
};

/** tcpdump at a place of a lab, with its own words added. */
export function tcpdumpWords(place: CapturePlace, words: readonly string[]): string[] {
  const enter = [`--net=/proc/${place.networkPid}/ns/net`, `--pid=/proc/${place.labPid}/ns/pid`, '--no-fork', '--'];
  // The shell forks into the PID namespace, which nsenter itself does not enter.
  const wait = ['sh', '-c', '"$@"; exit $?', 'sh', 'setpriv', '--pdeathsig', 'KILL'];
  return ['nsenter', ...enter, ...wait, 'tcpdump', '-nn', '--immediate-mode', '-i', place.interfaceName, ...words];
}

export class Capture {
  readonly #stop: () => Promise<CapturedFrame[]>;

  constructor(stop: () => Promise<CapturedFrame[]>) {
    this.#stop = stop;
  }

  /** Ends the capture and answers its frames in order. */
  stop(): Promise<CapturedFrame[]> {
    return this.#stop();
  }
}

/** Returns when tcpdump listens. @throws CommandFailure `failed` with what it said, `unavailable`. */
export async function startCapture(place: CapturePlace, options: CaptureOptions): Promise<Capture> {
  const directory = options.file === undefined ? mkdtempSync(join(tmpdir(), 'haven-capture-')) : undefined;
  const file = options.file ?? join(directory ?? '', 'frames.pcap');
  const write = ['-U', '-Z', 'root', '--time-stamp-precision=nano', '-w', file];
  const [program = '', ...rest] = tcpdumpWords(place, [
    ...write,
    ...(options.filter === undefined ? [] : [options.filter]),
  ]);
  const child = spawn(program, rest, { stdio: ['ignore', 'ignore', 'pipe'] });
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let said = '';
  await new Promise<void>((resolve, reject) => {
    child.once('error', (error) => reject(missingProgram(program, error)));
    child.once('close', () =>
      reject(
        new CommandFailure({ kind: 'failed', what: `cannot capture on ${place.interfaceName}`, why: said.trim() }),
      ),
    );
    child.stderr.on('data', (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('listening on')) resolve();
    });
  });
  return new Capture(async () => {
    const tcpdump = onlyChild(child.pid);
    if (tcpdump !== undefined) process.kill(tcpdump, 'SIGINT');
    await ended;
    const frames = readPcap(readFileSync(file));
    if (directory !== undefined) rmSync(directory, { recursive: true });
    return frames;
  });
}
