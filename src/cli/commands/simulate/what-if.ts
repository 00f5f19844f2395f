// The administrator's "what if" as changes to the document.
import { parseBoolean, type XmlElement } from '../../../cib/index.ts';
import { CommandFailure } from '../../../kit/index.ts';
import { type Injection, inject, type OperationResult, parseOperationResult } from '../../../scheduler/index.ts';
import type { SimulateFlags } from './flags.ts';

/** The document with all of that in it. @throws CommandFailure for names that are not in it */
export function withInjections(cib: XmlElement, injections: readonly Injection[]): XmlElement {
  let changed = cib;
  for (const injection of injections) {
    const result = inject(changed, injection);
    if (!result.ok)
      throw new CommandFailure({ kind: 'not-found', what: `cannot change the document: ${result.error}` });
    changed = result.value;
  }
  return changed;
}

/** Everything that the flags ask for, in the order in which it is done. @throws CommandFailure */
export function injectionsOf(flags: SimulateFlags, nowSeconds: number): Injection[] {
  const injections: Injection[] = [];
  if (flags.quorum !== undefined) {
    const given = flags.quorum;
    injections.push({ kind: 'quorum', quorate: truth('--quorum', given), given });
  }
  if (flags.watchdog !== undefined) {
    const given = flags.watchdog;
    injections.push({ kind: 'watchdog', present: truth('--watchdog', given), given });
  }
  for (const name of flags.nodeUp ?? []) injections.push({ kind: 'node', name, becomes: 'up' });
  for (const name of flags.nodeDown ?? []) injections.push({ kind: 'node', name, becomes: 'down' });
  for (const name of flags.nodeFail ?? []) injections.push({ kind: 'node', name, becomes: 'failed' });
  const tickets = [
    ['grant', flags.ticketGrant],
    ['revoke', flags.ticketRevoke],
    ['standby', flags.ticketStandby],
    ['activate', flags.ticketActivate],
  ] as const;
  for (const [change, ids] of tickets) {
    for (const id of ids ?? []) injections.push({ kind: 'ticket', id, change });
  }
  for (const result of resultsOf('--op-inject', flags.opInject)) {
    injections.push({ kind: 'operation', result, nowSeconds, exitReason: 'Simulated action result' });
    // As the cluster would: the failure counts against the resource, too.
    if (isFailure(result)) injections.push({ kind: 'failure', result, nowSeconds });
  }
  return injections;
}

/** What is done once may report that the resource does not run; a recurring monitor may not. */
function isFailure({ intervalMs, exitCode }: OperationResult): boolean {
  return exitCode !== 0 && !(intervalMs === 0 && exitCode === 7);
}

function truth(flag: string, text: string): boolean {
  const value = parseBoolean(text);
  if (value !== undefined) return value;
  throw new CommandFailure({ kind: 'usage', what: `${flag} takes true or false, not '${text}'` });
}

export function resultsOf(flag: string, texts: readonly string[] | undefined): OperationResult[] {
  return (texts ?? []).map((text) => {
    const parsed = parseOperationResult(text);
    if (parsed.ok) return parsed.value;
    const fix = `For example ${flag} vip_monitor_10000@node1=7`;
    throw new CommandFailure({ kind: 'usage', what: `${flag}: ${parsed.error}`, fix });
  });
}
