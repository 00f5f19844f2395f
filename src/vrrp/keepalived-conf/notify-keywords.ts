// The notify keywords, which instances and sync groups share.
import type { NotifyConfiguration, NotifyScript } from '../notification.ts';
import type { Table } from './block.ts';
import { script, scriptOf } from './script-command.ts';
import { toggle } from './values.ts';

export type NotifyDraft = { -readonly [Key in keyof NotifyConfiguration]?: NotifyConfiguration[Key] };

export const notifyKeywords: Table<{ readonly notify: NotifyDraft }> = {
  notify: script(({ notify }, value) => {
    notify.any = value;
  }),
  notify_master: script(({ notify }, value) => {
    notify.master = value;
  }),
  notify_backup: script(({ notify }, value) => {
    notify.backup = value;
  }),
  notify_fault: script(({ notify }, value) => {
    notify.fault = value;
  }),
  notify_stop: script(({ notify }, value) => {
    notify.stop = value;
  }),
  notify_deleted: ({ notify }, statement, scope) => {
    notify.deleted = true;
    notify.deletedScript = statement.words.length === 0 ? undefined : scriptOf(statement, scope);
  },
  notify_priority_changes: toggle(({ notify }, value) => {
    notify.priorityChanges = value;
  }),
  smtp_alert: toggle(({ notify }, value) => {
    notify.smtpAlert = value;
  }),
};

export function notifyOf(
  draft: NotifyDraft,
  defaults: { readonly priorityChanges: boolean; readonly smtpAlert: boolean },
): NotifyConfiguration {
  return {
    any: draft.any,
    master: draft.master,
    backup: draft.backup,
    fault: draft.fault,
    stop: draft.stop,
    masterRxLowerPri: draft.masterRxLowerPri,
    deleted: draft.deleted ?? false,
    deletedScript: draft.deletedScript,
    priorityChanges: draft.priorityChanges ?? defaults.priorityChanges,
    smtpAlert: draft.smtpAlert ?? defaults.smtpAlert,
  };
}

/** Every script of a notify configuration. */
export function notifyScripts(notify: NotifyConfiguration): readonly NotifyScript[] {
  const { any, master, backup, fault, stop, masterRxLowerPri, deletedScript } = notify;
  return [any, master, backup, fault, stop, masterRxLowerPri, deletedScript].filter((one) => one !== undefined);
}
