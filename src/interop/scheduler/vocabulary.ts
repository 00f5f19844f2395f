// What the random changes choose from.

export const scores: readonly string[] = ['INFINITY', '-INFINITY', '10', '-10', '50', '-50', '1000'];

/** Exit codes of the OCF resource agent API: success, failure, not installed, not running, promoted, failed promoted. */
export const resultCodes: readonly string[] = ['0', '1', '5', '7', '8', '9'];

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
  ['symmetric-cluster', either],
  ['maintenance-mode', either],
  ['stop-all-resources', ['true']],
  ['startup-fencing', either],
  ['enable-startup-probes', either],
  ['stop-removed-resources', either],
  ['cancel-removed-actions', either],
  ['placement-strategy', ['balanced', 'utilization', 'minimal', 'default']],
  ['concurrent-fencing', either],
  ['priority-fencing-delay', ['30s']],
  ['shutdown-lock', ['true']],
];

export const metaAttributes: readonly Choices[] = [
  ['target-role', ['Stopped', 'Started', 'Unpromoted']],
  ['is-managed', either],
  ['resource-stickiness', ['0', '100', 'INFINITY', '-50']],
  ['migration-threshold', ['1', '3']],
  ['multiple-active', ['block', 'stop_only', 'stop_start', 'stop_unexpected']],
  ['requires', ['nothing', 'quorum', 'fencing']],
  ['interleave', either],
  ['ordered', either],
  ['notify', either],
  ['priority', ['10', '-1']],
  ['allow-migrate', either],
  ['failure-timeout', ['10s']],
  ['clone-max', ['1', '2']],
  ['clone-node-max', ['2']],
  ['maintenance', ['true']],
  ['critical', ['false']],
  ['globally-unique', either],
  ['clone-min', ['2']],
];

export const operationChanges: readonly Readonly<Record<string, string>>[] = [
  ...['ignore', 'block', 'stop', 'restart', 'fence', 'standby'].map((policy) => ({ 'on-fail': policy })),
  ...['0', '10s', '15s'].map((interval) => ({ interval })),
  ...['Started', 'Promoted', 'Unpromoted', 'Stopped'].map((role) => ({ role })),
  { enabled: 'false' },
  { timeout: '33s' },
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
  [['require-all', 'false']],
];
