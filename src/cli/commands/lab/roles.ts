// The programs that a lab runs inside its hosts; not for people, so not in the help.
import { buildCommand } from '@stricli/core';

export const proberCommand = buildCommand({
  docs: { brief: 'Ask an address for `haven lab probe`' },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'OPTIONS', brief: 'What to ask, in JSON' }],
    },
  },
  async func(_: Record<never, never>, options: string) {
    const { runProber } = await import('../../../lab/index.ts');
    await runProber(options);
  },
});

export const responderCommand = buildCommand({
  docs: { brief: 'Answer a prober' },
  parameters: {},
  async func() {
    const { runResponder } = await import('../../../lab/index.ts');
    await runResponder();
  },
});

export const forwarderCommand = buildCommand({
  docs: { brief: 'Pass frames on as a bad link would' },
  parameters: {
    positional: {
      kind: 'tuple',
      parameters: [{ parse: String, placeholder: 'OPTIONS', brief: 'Which link, in JSON' }],
    },
  },
  async func(_: Record<never, never>, options: string) {
    const { runForwarder } = await import('../../../lab/index.ts');
    await runForwarder(options);
  },
});
