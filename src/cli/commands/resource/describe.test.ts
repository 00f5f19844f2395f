import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AgentMetadata } from '../../../agents/index.ts';
import { describeAgent } from './describe.ts';

const plain = {
  required: false,
  unique: false,
  type: 'string',
  default: undefined,
  allowed: [],
  short: '',
  deprecated: false,
  private: false,
  reloadable: false,
};
const metadata: AgentMetadata = {
  name: 'Thing',
  version: '1.0',
  short: 'Keeps a thing',
  long: 'Keeps a thing that\nis  kept here.\n\nAnd there.',
  parameters: [
    { ...plain, name: 'where', required: true, unique: true, long: 'The place to keep it in, whatever it is' },
    { ...plain, name: 'mode', long: '', default: 'slow', allowed: ['slow', 'fast'], deprecated: true },
  ],
  actions: [
    { name: 'start', timeoutMs: 20_000, intervalMs: 0, role: undefined, startDelayMs: 0, depth: undefined },
    { name: 'monitor', timeoutMs: 1500, intervalMs: 10_000, role: 'Promoted', startDelayMs: 0, depth: '10' },
    { name: 'meta-data', timeoutMs: 5000, intervalMs: 0, role: undefined, startDelayMs: 0, depth: undefined },
  ],
};

test('an agent is described with its options, their marks and defaults, and the operations one configures', () => {
  assert.equal(
    describeAgent('ocf:own:Thing', metadata, 40),
    `ocf:own:Thing - Keeps a thing

Keeps a thing that is kept here.

And there.

Resource options:
  where (required) (unique)
    Description: The place to keep it
    in, whatever it is
    Type: string
  mode (deprecated)
    Allowed values: slow, fast
    Default: slow

Default operations:
  start:
    interval=0s timeout=20s
  monitor:
    interval=10s timeout=1500ms role=Promoted OCF_CHECK_LEVEL=10
`,
  );
});
