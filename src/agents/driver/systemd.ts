// systemd units as resources, over D-Bus (org.freedesktop.systemd1) through busctl(1), which ships with systemd itself.
//
// start and stop are done when the job is: the unit is polled for its ActiveState until it settles, because a job's reply
// only says that it was queued.
import { existsSync } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { Operation } from '../environment.ts';
import type { OcfCode, Outcome } from '../outcome.ts';
import { runChild } from './child.ts';

const bus = 'org.freedesktop.systemd1';
const pollMs = 50;

export async function runSystemdUnit(name: string, operation: Operation): Promise<Outcome> {
  const startedMs = performance.now();
  const deadlineMs = startedMs + operation.timeoutMs;
  const finish = (status: Outcome['status'], code: OcfCode, reason: string): Outcome => {
    return { status, code, reason, output: '', durationMs: performance.now() - startedMs };
  };
  if (!existsSync('/run/systemd/system')) {
    return finish(
      'not-installed',
      5,
      `systemd does not run on this machine, so the unit '${name}' cannot be used here`,
    );
  }
  const unit = /\.(service|socket|target|mount|timer|path|slice|scope)$/.test(name) ? name : `${name}.service`;
  const loaded = await load(unit, deadlineMs);
  if (loaded.path === undefined) return finish('not-installed', 5, loaded.why);
  switch (operation.action) {
    case 'monitor':
    case 'status': {
      const state = await activeState(loaded.path, deadlineMs);
      return finish('done', codeOfState(state), state === 'failed' ? `the unit '${unit}' has failed` : '');
    }
    case 'start':
    case 'stop': {
      const method = operation.action === 'start' ? 'StartUnit' : 'StopUnit';
      const manager = ['/org/freedesktop/systemd1', `${bus}.Manager`];
      const asked = await busctl(['call', bus, ...manager, method, 'ss', unit, 'replace'], deadlineMs);
      if (!asked.ok) return finish('error', 1, asked.text);
      const settled = await settle(loaded.path, deadlineMs);
      if (settled === undefined) return finish('timeout', 1, `'${unit}' did not ${operation.action} in time`);
      const wanted =
        operation.action === 'start' ? settled === 'active' : settled === 'inactive' || settled === 'failed';
      return finish('done', wanted ? 0 : 1, wanted ? '' : `'${unit}' is ${settled} after ${operation.action}`);
    }
    default:
      return finish('not-supported', 3, `a systemd unit knows no action '${operation.action}'`);
  }
}

async function load(unit: string, deadlineMs: number): Promise<{ path: string | undefined; why: string }> {
  const manager = ['/org/freedesktop/systemd1', `${bus}.Manager`];
  const answer = await busctl(['call', bus, ...manager, 'LoadUnit', 's', unit], deadlineMs);
  if (!answer.ok) return { path: undefined, why: answer.text };
  const path = /^o "(.+)"$/.exec(answer.text)?.[1];
  if (path === undefined) return { path: undefined, why: `systemd answered '${answer.text}'` };
  const state = await property(path, 'LoadState', deadlineMs);
  return state === 'not-found' ? { path: undefined, why: `there is no unit '${unit}'` } : { path, why: '' };
}

async function settle(path: string, deadlineMs: number): Promise<string | undefined> {
  while (performance.now() < deadlineMs) {
    const state = await activeState(path, deadlineMs);
    if (state !== 'activating' && state !== 'deactivating' && state !== 'reloading') return state;
    await pause(pollMs);
  }
  return undefined;
}

function activeState(path: string, deadlineMs: number): Promise<string> {
  return property(path, 'ActiveState', deadlineMs);
}

async function property(path: string, name: string, deadlineMs: number): Promise<string> {
  const answer = await busctl(['get-property', bus, path, `${bus}.Unit`, name], deadlineMs);
  return /^s "(.*)"$/.exec(answer.text)?.[1] ?? answer.text;
}

function codeOfState(state: string): OcfCode {
  if (state === 'active' || state === 'reloading') return 0;
  if (state === 'inactive' || state === 'deactivating') return 7;
  // While it is being started by somebody else it is not yet what was asked for, and not a failure either.
  return state === 'activating' ? 193 : 7;
}

async function busctl(args: readonly string[], deadlineMs: number): Promise<{ ok: boolean; text: string }> {
  const timeoutMs = Math.max(1, deadlineMs - performance.now());
  const argv = ['/usr/bin/busctl', '--system', ...args] as const;
  const result = await runChild({ argv, environment: { LC_ALL: 'C', PATH: '/usr/bin:/bin' }, timeoutMs }).result;
  if (result.kind === 'exited') return { ok: result.code === 0, text: (result.output || result.errors).trim() };
  return { ok: false, text: result.kind === 'not-started' ? result.message : `busctl: ${result.kind}` };
}
