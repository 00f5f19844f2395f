// What the random changes choose from.

export const scores: readonly string[] = ['INFINITY', '-INFINITY', '10', '-10', '50', '-50', '1000'];

/** Exit codes of the OCF resource agent API. 190 and 191 are degraded, started and promoted. */
export const resultCodes: readonly string[] = ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', '190', '191'];

/** What is recorded of an execution: done, timed out, error, not installed, and others that are rare. */
export const executionStates: readonly string[] = ['0', '0', '2', '3', '4', '5', '6', '7', '8', '9', '10', '11'];

/** Online, stopped, lost, without its controller, still joining. */
export const states: readonly Readonly<Record<string, string>>[] = [
  { in_ccm: 'true', crmd: 'online', join: 'member', expected: 'member' },
  { in_ccm: 'false', crmd: 'offline', join: 'down', expected: 'down' },
  { in_ccm: 'false', crmd: 'offline', join: 'member', expected: 'member' },
  { in_ccm: 'true', crmd: 'offline', join: 'member', expected: 'member' },
  { in_ccm: 'true', crmd: 'online', join: 'pending', expected: 'member' },
];

type Choices = readonly [name: string, values: readonly string[]];

const either = ['true', 'false'];

export const clusterOptions: readonly Choices[] = [
  ['no-quorum-policy', ['stop', 'freeze', 'ignore', 'demote', 'suicide']],
  ['fencing-enabled', either],
  ['fencing-action', ['reboot', 'off']],
  ['have-watchdog', either],
  ['symmetric-cluster', either],
  ['maintenance-mode', either],
  ['stop-all-resources', ['true']],
  ['startup-fencing', either],
  ['enable-startup-probes', either],
  ['start-failure-is-fatal', either],
  ['stop-removed-resources', either],
  ['cancel-removed-actions', either],
  ['placement-strategy', ['balanced', 'utilization', 'minimal', 'default']],
  ['concurrent-fencing', either],
  ['priority-fencing-delay', ['30s']],
  ['shutdown-lock', ['true']],
  ['shutdown-lock-limit', ['10min', '1000d']],
  ['node-health-strategy', ['none', 'migrate-on-red', 'only-green', 'progressive', 'custom']],
  ['node-health-base', ['10', '-10']],
  ['node-health-red', ['-100', '-INFINITY']],
  ['node-health-yellow', ['-5', '0']],
  ['node-health-green', ['0', '7']],
  ['cluster-name', ['alpha']],
  ['migration-limit', ['1', '-1']],
  ['cluster-delay', ['30s', '2min']],
];

export const metaAttributes: readonly Choices[] = [
  ['target-role', ['Stopped', 'Started', 'Unpromoted', 'Promoted']],
  ['is-managed', either],
  ['resource-stickiness', ['0', '1', '100', 'INFINITY', '-50']],
  ['migration-threshold', ['1', '3']],
  ['multiple-active', ['block', 'stop_only', 'stop_start', 'stop_unexpected']],
  ['requires', ['nothing', 'quorum', 'fencing', 'unfencing']],
  ['interleave', either],
  ['ordered', either],
  ['collocated', either],
  ['notify', either],
  ['priority', ['10', '-1']],
  ['allow-migrate', either],
  ['failure-timeout', ['10s', '1000d']],
  ['clone-max', ['0', '1', '2', '3']],
  ['clone-node-max', ['0', '1', '2']],
  ['promotable', ['true']],
  ['promoted-max', ['0', '1', '2', '3']],
  ['promoted-node-max', ['0', '2']],
  ['maintenance', ['true']],
  ['critical', ['false']],
  ['globally-unique', either],
  ['clone-min', ['1', '2']],
  ['container-attribute-target', ['host']],
  ['allow-unhealthy-nodes', either],
];

export const operationChanges: readonly Readonly<Record<string, string>>[] = [
  ...['ignore', 'block', 'stop', 'restart', 'fence', 'standby', 'restart-container', 'migrate', 'demote'].map(
    (policy) => ({
      'on-fail': policy,
    }),
  ),
  ...['0', '10s', '15s'].map((interval) => ({ interval })),
  ...['Started', 'Promoted', 'Unpromoted', 'Stopped'].map((role) => ({ role })),
  { 'on-fail': 'demote', role: 'Promoted', interval: '9s' },
  { enabled: 'false' },
  { timeout: '33s' },
  { 'start-delay': '5s' },
  { 'interval-origin': '2023-11-14 00:00:07Z' },
];

/** Attributes of an order beside its two resources. */
export const orderKinds: readonly (readonly (readonly [name: string, value: string])[])[] = [
  [['kind', 'Mandatory']],
  [['kind', 'Optional']],
  [['kind', 'Serialize']],
  [['symmetrical', 'false']],
  [
    ['first-action', 'stop'],
    ['then-action', 'start'],
    ['symmetrical', 'false'],
  ],
  [
    ['first-action', 'promote'],
    ['then-action', 'start'],
  ],
  [
    ['first-action', 'start'],
    ['then-action', 'promote'],
  ],
  [
    ['first-action', 'demote'],
    ['then-action', 'stop'],
  ],
  [['require-all', 'false']],
];
