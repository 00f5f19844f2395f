// What the administrator is told about state changes, and how (scripts, FIFO lines), in Keepalived's words.
import type { ScriptUser } from './configuration.ts';

export type NotifyScript = { readonly command: readonly string[]; readonly user: ScriptUser | undefined };

/** The `notify*` keywords of an instance or a sync group. */
export type NotifyConfiguration = {
  /** Every change; after its own words gets INSTANCE|GROUP, name, state, priority. */
  readonly any: NotifyScript | undefined;
  readonly master: NotifyScript | undefined;
  readonly backup: NotifyScript | undefined;
  readonly fault: NotifyScript | undefined;
  readonly stop: NotifyScript | undefined;
  readonly masterRxLowerPri: NotifyScript | undefined;
  /** `notify_deleted`: at removal by a reload tell DELETED instead of FAULT; with its script when one is given. */
  readonly deleted: boolean;
  readonly deletedScript: NotifyScript | undefined;
  readonly priorityChanges: boolean;
  readonly smtpAlert: boolean;
};

export type NotifiedState =
  | 'MASTER'
  | 'BACKUP'
  | 'FAULT'
  | 'STOP'
  | 'DELETED'
  | 'MASTER_RX_LOWER_PRI'
  | 'MASTER_PRIORITY'
  | 'BACKUP_PRIORITY';

/** One line of news, in order per subject. `priority` is the effective one; 0 for groups. */
export type Notification = {
  readonly subject: 'INSTANCE' | 'GROUP';
  readonly name: string;
  readonly state: NotifiedState;
  readonly priority: number;
};

/** The line in the FIFO: `INSTANCE "VI_1" MASTER 244`. */
export function fifoLine(notification: Notification): string {
  return `${notification.subject} "${notification.name}" ${notification.state} ${notification.priority}\n`;
}

/**
 * Scripts to run for one notification, in order: the state's own (no arguments), then `notify` with its four words.
 * The peer runs both at once and in any order; one after the other is what its users expect.
 */
export function scriptsFor(notification: Notification, configuration: NotifyConfiguration): readonly NotifyScript[] {
  const own = stateScript(notification.state, configuration);
  const general = isPriorityNews(notification.state) ? undefined : configuration.any;
  const { subject, name, state, priority } = notification;
  const words = [subject, name, state, String(priority)];
  return [
    ...(own === undefined ? [] : [own]),
    ...(general === undefined ? [] : [{ ...general, command: [...general.command, ...words] }]),
  ];
}

function stateScript(state: NotifiedState, configuration: NotifyConfiguration): NotifyScript | undefined {
  switch (state) {
    case 'MASTER':
      return configuration.master;
    case 'BACKUP':
      return configuration.backup;
    case 'FAULT':
      return configuration.fault;
    case 'STOP':
      return configuration.stop;
    case 'DELETED':
      return configuration.deletedScript;
    case 'MASTER_RX_LOWER_PRI':
      return configuration.masterRxLowerPri;
    case 'MASTER_PRIORITY':
    case 'BACKUP_PRIORITY':
      return undefined;
  }
}

/** Told to the FIFO and to their own script only. */
function isPriorityNews(state: NotifiedState): boolean {
  return state === 'MASTER_PRIORITY' || state === 'BACKUP_PRIORITY' || state === 'MASTER_RX_LOWER_PRI';
}
