// Where a ring's lines go, as the logging section of its corosync.conf says: standard error, the system's log, a file.
// Without such a file: standard error only.
import { closeSync, mkdirSync, openSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Logger, type LogLevel, type LogSink, loggerOf, logLevels } from '../../kit/index.ts';
import { type Facility, facilities, openSyslog } from '../../linux/index.ts';

/** The keys of the section, as they stand there. */
export type LoggingSection = ReadonlyMap<string, string>;

type Target = { readonly levelMax: LogLevel; readonly write: LogSink; readonly close: () => void };

const levelOfPriority: Readonly<Record<string, LogLevel>> = {
  ...{ emerg: 'error', alert: 'error', crit: 'error', err: 'error', error: 'error' },
  ...{ warning: 'warning', notice: 'notice', info: 'info', debug: 'debug' },
};

export class RingLog {
  readonly logger: Logger;
  readonly #console: Logger;
  #targets: readonly Target[];

  /** `console`: what standard error gets. */
  constructor(console: Logger) {
    this.#console = console;
    this.#targets = [this.#standardError('debug')];
    this.logger = loggerOf((level, message) => this.#write(level, message));
  }

  /** From now on as this section says. A file that cannot be opened is complained of, and done without. */
  follow(section: LoggingSection): void {
    const before = this.#targets;
    const isOn = (key: string, otherwise: string) => ['yes', 'on'].includes(section.get(key) ?? otherwise);
    const all = ['on', 'trace'].includes(section.get('debug') ?? 'off');
    const level = (key: string) => (all ? 'debug' : (levelOfPriority[section.get(key) ?? 'info'] ?? 'info'));
    const targets: Target[] = [];
    if (isOn('to_stderr', 'yes')) targets.push(this.#standardError('debug'));
    if (isOn('to_syslog', 'yes')) {
      targets.push(...systemLog(section.get('syslog_facility'), level('syslog_priority')));
    }
    const file = section.get('logfile');
    const complaint =
      file !== undefined && isOn('to_logfile', section.get('to_file') ?? 'no')
        ? addFile(targets, file, level('logfile_priority'))
        : undefined;
    this.#targets = targets;
    for (const target of before) target.close();
    if (complaint !== undefined) this.logger.warning(complaint);
  }

  close(): void {
    for (const target of this.#targets) target.close();
    this.#targets = [];
  }

  #standardError(levelMax: LogLevel): Target {
    return { levelMax, write: (level, message) => this.#console[level](message), close: () => {} };
  }

  #write(level: LogLevel, message: string): void {
    for (const target of this.#targets) {
      if (logLevels.indexOf(level) <= logLevels.indexOf(target.levelMax)) target.write(level, message);
    }
  }
}

function systemLog(name: string | undefined, levelMax: LogLevel): Target[] {
  if (name === 'none') return [];
  const facility = (Object.keys(facilities) as Facility[]).find((known) => known === name) ?? 'daemon';
  const opened = openSyslog({ identity: 'haven-ring', facility });
  if (!opened.ok) return [];
  const { log, close } = opened.value;
  return [{ levelMax, write: (level, message) => log(level, message), close }];
}

/** What is wrong with the file, or undefined. */
function addFile(targets: Target[], file: string, levelMax: LogLevel): string | undefined {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o755 });
    const fd = openSync(file, 'a', 0o640);
    targets.push({
      levelMax,
      write: (level, message) => writeSync(fd, `${stamp(new Date())} ${level.padEnd(7)} [RING  ] ${message}\n`),
      close: () => closeSync(fd),
    });
    return undefined;
  } catch (thrown) {
    return `cannot log to ${file}: ${(thrown as Error).message}. Correct 'logfile' in the logging section, and reload`;
  }
}

/** As Corosync's own lines begin: `Nov 21 09:09:34.180`. */
function stamp(now: Date): string {
  const [, month = '', day] = now.toDateString().split(' ');
  return `${month} ${day} ${now.toTimeString().slice(0, 8)}.${String(now.getMilliseconds()).padStart(3, '0')}`;
}
