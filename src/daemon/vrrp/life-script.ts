// startup_script and shutdown_script: run once each, before the first instance starts and after the last one stopped.
import type { Logger } from '../../kit/index.ts';
import { runScript, type ScriptUser, type TimedScript } from '../../vrrp/index.ts';

/** From SIGTERM to SIGKILL for a script that has used up its time. */
const terminationMs = 2000;

/** Resolves when the script has ended, or was ended because its time was up. Nothing to run is nothing done. */
export async function runLifeScript(
  script: TimedScript | undefined,
  user: ScriptUser | undefined,
  logger: Logger,
): Promise<void> {
  const [program] = script?.command ?? [];
  if (script === undefined || program === undefined) return;
  await new Promise<void>((resolve) => {
    const run = runScript({ command: script.command, user: script.user ?? user }, (outcome) => {
      clearTimeout(timer);
      const failure =
        outcome.kind === 'not-started'
          ? outcome.why
          : outcome.kind === 'signalled'
            ? `signal ${outcome.signal}`
            : undefined;
      if (failure !== undefined) logger.warning(`Script ${program} did not run to its end: ${failure}`);
      else if (outcome.kind === 'exited') logger.info(`Script ${program} ended with status ${outcome.status}`);
      resolve();
    });
    let timer = setTimeout(() => {
      logger.warning(`Script ${program} has used up its ${script.timeoutMs / 1000} s: ending it`);
      run.signal('SIGTERM');
      timer = setTimeout(() => run.signal('SIGKILL'), terminationMs);
    }, script.timeoutMs);
  });
}
