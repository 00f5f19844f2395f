// What a ring runs by, read from where the administrator describes it.
import { readFileSync } from 'node:fs';
import { CommandFailure, formatDiagnostic, formatPlace, type Logger } from '../../kit/index.ts';
import {
  type RingSettings,
  readCorosyncConf,
  ringOfCorosyncConf,
  ringOfDescription,
  sealedBy,
  thisMachine,
} from '../../membership/index.ts';
import type { LoggingSection } from './log.ts';

export type RingSource =
  | { readonly kind: 'corosync-conf'; readonly file: string }
  | {
      readonly kind: 'nodes';
      readonly clusterName: string;
      readonly nodes: readonly { readonly name: string; readonly addresses: readonly string[] }[];
      readonly security: 'sealed' | 'plain';
    };

export type RingOptions = {
  readonly source: RingSource;
  /** Overrides where the key is looked for. */
  readonly authkeyFile?: string;
  readonly stateDirectory?: string;
};

export type RingConfiguration = {
  readonly settings: RingSettings;
  /** Undefined: the source says nothing of it. */
  readonly logging: LoggingSection | undefined;
  readonly warnings: readonly string[];
  /** `FILE:LINE` of a key, or as near as can be said. */
  readonly placeOf: (key: string) => string;
};

/** @throws CommandFailure `config` and others, with what to correct. */
export function readRing(options: RingOptions): RingConfiguration {
  const { source } = options;
  const read = source.kind === 'nodes' ? described(source, options) : fromFile(source.file, options);
  const { stateDirectory } = options;
  return stateDirectory === undefined ? read : { ...read, settings: { ...read.settings, stateDirectory } };
}

/** The settings alone; warnings are logged. @throws as `readRing` does. */
export function ringSettings(options: RingOptions & { readonly logger: Logger }): RingSettings {
  const { settings, warnings } = readRing(options);
  for (const warning of warnings) options.logger.warning(warning);
  return settings;
}

function described(source: Extract<RingSource, { kind: 'nodes' }>, { authkeyFile }: RingOptions): RingConfiguration {
  const { clusterName, nodes } = source;
  const security = source.security === 'plain' ? ({ kind: 'plain' } as const) : sealedBy(authkeyFile);
  const settings = ringOfDescription({ clusterName, nodes, security });
  return { settings, logging: undefined, warnings: [], placeOf: () => 'the command line' };
}

function fromFile(file: string, { authkeyFile }: RingOptions): RingConfiguration {
  const { config, fault, diagnostics, lineOf } = readCorosyncConf(textOf(file), file, thisMachine());
  if (config === undefined) {
    const error = diagnostics.find(({ severity }) => severity === 'error');
    const what = error === undefined ? `${file}: ${fault}` : formatDiagnostic(error);
    throw new CommandFailure({ kind: 'config', what, fix: `See also: haven ring check-conf -f ${file}` });
  }
  const warnings = diagnostics.filter(({ severity }) => severity !== 'error').map(formatDiagnostic);
  if (!config.secure) warnings.push(`${file} asks for no encryption: datagrams of this ring are not sealed`);
  const security = config.secure ? sealedBy(authkeyFile ?? config.keyFile) : ({ kind: 'plain' } as const);
  return {
    settings: ringOfCorosyncConf(config, security),
    logging: config.logging,
    warnings,
    placeOf: (key) => formatPlace({ file, ...lineIn(lineOf(key)) }),
  };
}

function lineIn(line: number | undefined): { readonly line?: number } {
  return line === undefined ? {} : { line };
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (thrown) {
    const what = `cannot read the configuration file ${file}`;
    const why = (thrown as Error).message;
    const fix = 'Give its path with -f FILE, or describe the ring with --cluster NAME and --node NAME=ADDRESS';
    throw new CommandFailure({ kind: 'not-found', what, why, fix });
  }
}
