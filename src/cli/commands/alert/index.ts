// `haven alert`: programs that are run when something happens.
import { buildCommand, buildRouteMap } from '@stricli/core';
import { changeFlags, jsonFlag, wordsOf } from '../../cluster/flags.ts';

const ids = (what: string) =>
  ({ kind: 'array', parameter: { parse: String, placeholder: 'ID', brief: `Id of ${what}` }, minimum: 1 }) as const;
const more = '[options NAME=VALUE …] [meta timeout=15s …]';

const recipient = buildRouteMap({
  routes: {
    add: buildCommand({
      loader: async () => (await import('./alert.ts')).addRecipient,
      parameters: { flags: changeFlags, positional: wordsOf('ALERT, then value=ADDRESS …', 2) },
      docs: { brief: 'Have an alert tell somebody', customUsage: [`ALERT value=ADDRESS [id=ID] ${more}`] },
    }),
    update: buildCommand({
      loader: async () => (await import('./alert.ts')).updateRecipient,
      parameters: { flags: changeFlags, positional: wordsOf('RECIPIENT, then what is to change', 2) },
      docs: {
        brief: 'Change a recipient; NAME= takes an option away',
        customUsage: [`RECIPIENT [value=ADDRESS] ${more}`],
      },
    }),
    delete: buildCommand({
      loader: async () => (await import('./alert.ts')).removeRecipient,
      parameters: { flags: changeFlags, positional: ids('a recipient') },
      docs: { brief: 'Delete recipients' },
    }),
  },
  docs: { brief: 'Whom an alert tells: add, update, delete' },
});

export const alertRoutes = buildRouteMap({
  routes: {
    create: buildCommand({
      loader: async () => (await import('./alert.ts')).create,
      parameters: { flags: changeFlags, positional: wordsOf('path=PATH …', 1) },
      docs: {
        brief: 'Have a program run when something happens',
        fullDescription: "It gets the event in its environment (CRM_alert_…), as Pacemaker's alert agents do.",
        customUsage: [`path=PATH [id=ID] [description=TEXT] ${more}`],
      },
    }),
    update: buildCommand({
      loader: async () => (await import('./alert.ts')).update,
      parameters: { flags: changeFlags, positional: wordsOf('ALERT, then what is to change', 2) },
      docs: { brief: 'Change an alert; NAME= takes an option away', customUsage: [`ALERT [path=PATH] ${more}`] },
    }),
    delete: buildCommand({
      loader: async () => (await import('./alert.ts')).remove,
      parameters: { flags: changeFlags, positional: ids('an alert') },
      docs: { brief: 'Delete alerts' },
    }),
    recipient,
    list: buildCommand({
      loader: async () => (await import('./alert.ts')).list,
      parameters: { flags: { json: jsonFlag } },
      docs: { brief: 'Show the alerts, and whom they tell' },
    }),
  },
  defaultCommand: 'list',
  docs: { brief: 'Alerts: programs that are run when something happens' },
});
