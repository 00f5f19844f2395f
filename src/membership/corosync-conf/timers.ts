// The timers of the totem section: computed, and checked against their floors.
import { corosyncTiming, type TotemTiming } from '../totem/index.ts';
import type { ConfigValues } from './values.ts';

const floorMs = 30;
const holdFloorMs = 14;
const downcheckDefaultMs = 1000;
const networkDelayDefaultMs = 50;

/** The real values for `nodeCount` listed nodes, or what is wrong with them. */
export function timingOf(values: ConfigValues, nodeCount: number): TotemTiming | string {
  // 0 asks for the default, but for the coefficient, which it switches off.
  const number = (key: string) => {
    const value = values.number(`totem.${key}`);
    return value === 0 && key !== 'token_coefficient' ? undefined : value;
  };
  const keys = {
    nodeCount,
    ...given('token', number('token')),
    ...given('tokenCoefficient', number('token_coefficient')),
    ...given('tokenWarning', values.number('totem.token_warning')),
    ...given('tokenRetransmitsBeforeLoss', number('token_retransmits_before_loss_const')),
    ...given('tokenRetransmit', number('token_retransmit')),
    ...given('hold', number('hold')),
    ...given('consensus', number('consensus')),
    ...given('join', number('join')),
    ...given('merge', number('merge')),
    ...given('failRecvConst', number('fail_recv_const')),
    ...given('seqnoUnchangedConst', number('seqno_unchanged_const')),
    ...given('windowSize', number('window_size')),
    ...given('maxMessages', number('max_messages')),
    ...given('missCountConst', number('miss_count_const')),
  };
  const timing = corosyncTiming(keys);
  const retransmitGiven = keys.tokenRetransmit !== undefined;
  return timerFault(timing, { values, retransmitGiven }) ?? timing;
}

function timerFault(
  timing: TotemTiming,
  { values, retransmitGiven }: { readonly values: ConfigValues; readonly retransmitGiven: boolean },
): string | undefined {
  const tooShort = (name: string, ms: number, least = floorMs) =>
    ms < least ? `The ${name} parameter (${ms} ms) may not be less than (${least} ms).` : undefined;
  const warning = values.number('totem.token_warning') ?? 75;
  const tuned = 'Not appropriate token or token_retransmits_before_loss_const value set';
  return (
    tooShort('max_network_delay', values.number('totem.max_network_delay') || networkDelayDefaultMs) ??
    tooShort('token timeout', timing.tokenMs) ??
    (warning > 100 ? `The token warning parameter (${warning}%) must be between 0 (disabled) and 100.` : undefined) ??
    (retransmitGiven || timing.tokenRetransmitMs >= floorMs ? undefined : tuned) ??
    tooShort('token retransmit timeout', timing.tokenRetransmitMs) ??
    tooShort('token hold timeout', timing.holdMs, holdFloorMs) ??
    tooShort('join timeout', timing.joinMs) ??
    tooShort('consensus timeout', timing.consensusMs) ??
    (timing.consensusMs < timing.joinMs
      ? `The consensus timeout parameter (${timing.consensusMs} ms) may not be less than join timeout (${timing.joinMs} ms).`
      : undefined) ??
    tooShort('merge timeout', timing.mergeMs) ??
    tooShort('downcheck timeout', values.number('totem.downcheck') || downcheckDefaultMs)
  );
}

function given<Key extends string>(key: Key, value: number | undefined): { readonly [K in Key]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]: number });
}
