// Reading in hosts from outside while they may lose their power.
import { CommandFailure } from '../kit/index.ts';

/** Nothing there, nothing to read just now, the process has ended. */
const absent = ['ENOENT', 'EAGAIN', 'ESRCH'];

/** What `work` answers; undefined where what it looks for is not there, or the host's power is off by now. */
export function whileThere<T>(work: () => T): T | undefined {
  try {
    return work();
  } catch (thrown) {
    if (thrown instanceof CommandFailure || absent.includes((thrown as NodeJS.ErrnoException).code ?? ''))
      return undefined;
    throw thrown;
  }
}
