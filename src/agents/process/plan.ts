// What `ocf:haven:process` is to run, out of its parameters.
import { err, ok, parseDurationMs, type Result } from '../../kit/index.ts';

export type ProcessPlan = {
  readonly argv: readonly [string, ...string[]];
  readonly user: string;
  readonly directory: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly logFile: string | undefined;
  readonly pidFile: string | undefined;
  readonly stopSignal: string;
  readonly stopTimeoutMs: number;
  readonly settleMs: number;
};

/** Reads the parameters; the error is a sentence for the administrator. */
export function processPlan(parameters: Readonly<Record<string, string>>): Result<ProcessPlan, string> {
  const command = parameters.command ?? '';
  if (!command.startsWith('/')) return err(`the parameter command='${command}' is not an absolute path`);
  const args = splitWords(parameters.args ?? '');
  if (args === undefined) return err("the parameter 'args' ends within quotes");
  const words = splitWords(parameters.environment ?? '');
  const stray = words?.find((word) => !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word));
  if (words === undefined || stray !== undefined) {
    return err(`the parameter 'environment' is not a list of NAME=VALUE${stray === undefined ? '' : `: '${stray}'`}`);
  }
  const [stopTimeoutMs, settleMs] = [
    parseDurationMs(parameters.stop_timeout ?? '10s'),
    parseDurationMs(parameters.settle ?? '20ms'),
  ];
  if (stopTimeoutMs === undefined) return err(`the parameter stop_timeout='${parameters.stop_timeout}' is no duration`);
  if (settleMs === undefined) return err(`the parameter settle='${parameters.settle}' is no duration`);
  const stopSignal = (parameters.stop_signal ?? 'TERM').toUpperCase().replace(/^(?!SIG)/, 'SIG');
  return ok({
    argv: [command, ...args],
    user: parameters.user || 'root',
    directory: parameters.directory || '/',
    environment: Object.fromEntries(words.map((word) => [word.split('=')[0], word.slice(word.indexOf('=') + 1)])),
    logFile: parameters.logfile || undefined,
    pidFile: parameters.pidfile || undefined,
    stopSignal,
    stopTimeoutMs,
    settleMs,
  });
}

/** Splits at white space; '…', "…" and \ keep it, as in a shell. Undefined when a quote is left open. */
export function splitWords(text: string): string[] | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let quote = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (quote !== '' && character === quote) quote = '';
    else if (character === '\\' && quote !== "'" && at + 1 < text.length) word = (word ?? '') + text.charAt(++at);
    else if (quote !== '') word = (word ?? '') + character;
    else if (character === '"' || character === "'") [quote, word] = [character, word ?? ''];
    else if (!/\s/.test(character)) word = (word ?? '') + character;
    else if (word !== undefined) {
      words.push(word);
      word = undefined;
    }
  }
  if (quote !== '') return undefined;
  return word === undefined ? words : [...words, word];
}
