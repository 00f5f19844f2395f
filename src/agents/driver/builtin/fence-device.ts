// A fence device as a resource. Nothing runs for it: started means that its agent answers a monitor and that this node
// watches it; stopped, that it no longer does. The agent is never asked to "stop", which would be no word of its API.
import type { BuiltinRun } from '../../builtin.ts';
import type { Operation } from '../../environment.ts';
import { answer, type Outcome } from '../../outcome.ts';
import type { FenceRunner } from '../fencing.ts';

export class FenceDeviceAgent {
  readonly #runner: FenceRunner;
  readonly #started = new Set<string>();

  constructor(runner: FenceRunner) {
    this.#runner = runner;
  }

  run(type: string, operation: Operation): BuiltinRun {
    return { outcome: this.#answer(type, operation), kill: () => {} };
  }

  #answer(type: string, { action, resource, parameters, timeoutMs, intervalMs }: Operation): Promise<Outcome> {
    const device = { id: resource, type, parameters };
    switch (action) {
      case 'start':
        return this.#runner.monitor(device, timeoutMs).then((outcome) => this.#note(resource, outcome));
      case 'stop':
        this.#started.delete(resource);
        return Promise.resolve(answer(0));
      case 'monitor':
      case 'status':
        // A probe asks whether it is started here, not whether the device answers.
        if (intervalMs === 0 && !this.#started.has(resource)) return Promise.resolve(answer(7));
        return this.#runner.monitor(device, timeoutMs).then((outcome) => this.#note(resource, outcome));
      default: {
        const reason = `a fence device knows no action '${action}' as a resource`;
        return Promise.resolve({ ...answer(3, reason), status: 'not-supported' });
      }
    }
  }

  #note(resource: string, outcome: Outcome): Outcome {
    if (outcome.code === 0) this.#started.add(resource);
    return outcome;
  }
}
