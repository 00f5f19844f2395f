// What every room logs through. Rooms take a `Logger`; only the composition root knows where lines go.

export const logLevels = ['error', 'warning', 'notice', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];

export type LogFields = Readonly<Record<string, string | number | boolean>>;

export type Logger = {
  readonly error: (message: string, fields?: LogFields) => void;
  readonly warning: (message: string, fields?: LogFields) => void;
  readonly notice: (message: string, fields?: LogFields) => void;
  readonly info: (message: string, fields?: LogFields) => void;
  readonly debug: (message: string, fields?: LogFields) => void;
};

export type LogSink = (level: LogLevel, message: string, fields?: LogFields) => void;

export function loggerOf(sink: LogSink): Logger {
  return {
    error: (message, fields) => sink('error', message, fields),
    warning: (message, fields) => sink('warning', message, fields),
    notice: (message, fields) => sink('notice', message, fields),
    info: (message, fields) => sink('info', message, fields),
    debug: (message, fields) => sink('debug', message, fields),
  };
}

export const silentLogger: Logger = loggerOf(() => {});
