// Which alert agents are to be called for an event, with which environment.
// Source: Pacemaker Explained, "Alerts"; Pacemaker Administration, "Alert Agents" (the CRM_alert_* variables).
import {
  childAt,
  collectValues,
  datePartsOf,
  type Instant,
  intervalMsOf,
  nvsetsOf,
  parseBoolean,
  type XmlElement,
  xmlIndexOf,
} from '../../cib/index.ts';
import { featureSet } from '../../scheduler/index.ts';
import type { AlertEvent } from './event.ts';

export type AlertCall = {
  readonly alert: string;
  readonly path: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly timeoutMs: number;
};

export type AlertMoment = {
  readonly now: Instant;
  /** Beyond the whole second. */
  readonly microseconds: number;
  /** Counts the alerts of this node, so that a receiver can put them in order. */
  readonly sequence: number;
};

const timeoutMsDefault = 30_000;
const timestampFormatDefault = '%H:%M:%S.%06N';

export function alertCallsFor(cib: XmlElement, event: AlertEvent, moment: AlertMoment): AlertCall[] {
  const alerts = childAt(cib, 'configuration', 'alerts')?.childrenNamed('alert') ?? [];
  return alerts.flatMap((alert) => {
    if (!isSelected(alert, event)) return [];
    const recipients = alert.childrenNamed('recipient');
    if (recipients.length === 0) return callOf(cib, { alert, recipient: undefined, event, moment });
    return recipients.flatMap((recipient) => callOf(cib, { alert, recipient, event, moment }));
  });
}

/** Without a selection an alert hears of everything but attributes. */
function isSelected(alert: XmlElement, event: AlertEvent): boolean {
  const select = alert.child('select');
  if (select === undefined || select.children.length === 0) return event.kind !== 'attribute';
  switch (event.kind) {
    case 'node':
      return select.child('select_nodes') !== undefined;
    case 'fencing':
      return select.child('select_fencing') !== undefined;
    case 'resource':
      return select.child('select_resources') !== undefined;
    case 'attribute': {
      const named = select.child('select_attributes');
      if (named === undefined) return false;
      return named.children.length === 0 || named.children.some((each) => each.get('name') === event.name);
    }
  }
}

type CallQuery = {
  readonly alert: XmlElement;
  readonly recipient: XmlElement | undefined;
  readonly event: AlertEvent;
  readonly moment: AlertMoment;
};

function callOf(cib: XmlElement, { alert, recipient, event, moment }: CallQuery): AlertCall[] {
  const path = alert.get('path');
  const meta = valuesOf(cib, 'meta_attributes', [recipient, alert], moment.now);
  if (path === undefined || parseBoolean(meta.get('enabled')) === false) return [];
  const timeoutMs = intervalMsOf(meta.get('timeout'));
  const address = recipient?.get('value');
  return [
    {
      alert: alert.id ?? '',
      path,
      timeoutMs: timeoutMs > 0 ? timeoutMs : timeoutMsDefault,
      environment: {
        ...Object.fromEntries(valuesOf(cib, 'instance_attributes', [recipient, alert], moment.now)),
        ...momentVariables(moment, meta.get('timestamp-format') ?? timestampFormatDefault),
        ...(address === undefined ? {} : { CRM_alert_recipient: address }),
        ...eventVariables(event),
      },
    },
  ];
}

/** What the recipient says goes before what the alert says. */
function valuesOf(
  cib: XmlElement,
  setName: string,
  holders: readonly (XmlElement | undefined)[],
  now: Instant,
): ReadonlyMap<string, string> {
  const values = new Map<string, string>();
  const index = xmlIndexOf(cib);
  for (const holder of holders) {
    if (holder !== undefined) collectValues(values, nvsetsOf(holder, setName, index), index, { now });
  }
  return values;
}

function momentVariables({ now, microseconds, sequence }: AlertMoment, format: string): Record<string, string> {
  return {
    CRM_alert_version: featureSet,
    CRM_alert_node_sequence: String(sequence),
    CRM_alert_timestamp: formatTime(format, now, microseconds),
    CRM_alert_timestamp_epoch: String(now.epochSeconds),
    CRM_alert_timestamp_usec: String(microseconds),
  };
}

function eventVariables(event: AlertEvent): Record<string, string> {
  const variables = { CRM_alert_kind: event.kind, CRM_alert_node: event.node.name, CRM_alert_nodeid: event.node.id };
  switch (event.kind) {
    case 'node':
      return { ...variables, CRM_alert_desc: event.description };
    case 'fencing':
      return {
        ...variables,
        CRM_alert_task: event.task,
        CRM_alert_rc: String(event.code),
        CRM_alert_desc: event.description,
      };
    case 'resource':
      return {
        ...variables,
        CRM_alert_rsc: event.resource,
        CRM_alert_task: event.task,
        CRM_alert_interval: String(event.intervalMs),
        CRM_alert_rc: String(event.code),
        CRM_alert_target_rc: String(event.expectedCode),
        CRM_alert_status: String(event.status),
        CRM_alert_desc: event.description,
        CRM_alert_exec_time: String(event.durationMs),
      };
    case 'attribute':
      return {
        ...variables,
        CRM_alert_attribute_name: event.name,
        CRM_alert_attribute_value: event.value ?? '',
      };
  }
}

/** The conversions of date(1) that stand for numbers, and `%N` for the fraction with its digits in front (`%06N`). */
function formatTime(format: string, now: Instant, microseconds: number): string {
  const parts = datePartsOf(now);
  const two = (value: number) => String(value).padStart(2, '0');
  const day = `${parts.year}-${two(parts.month)}-${two(parts.day)}`;
  const clock = `${two(parts.hour)}:${two(parts.minute)}`;
  const values: Readonly<Record<string, string>> = {
    Y: String(parts.year),
    y: two(parts.year % 100),
    m: two(parts.month),
    d: two(parts.day),
    j: String(parts.yearDay).padStart(3, '0'),
    H: two(parts.hour),
    M: two(parts.minute),
    S: two(parts.second),
    F: day,
    R: clock,
    T: `${clock}:${two(parts.second)}`,
    s: String(now.epochSeconds),
    '%': '%',
  };
  return format.replace(/%(\d*)([A-Za-z%])/g, (written, digits: string, letter: string) => {
    if (letter === 'N') return fraction(microseconds, Number(digits || 9));
    return values[letter] ?? written;
  });
}

function fraction(microseconds: number, digits: number): string {
  return String(microseconds)
    .padStart(6, '0')
    .padEnd(9, '0')
    .slice(0, Math.max(1, Math.min(9, digits)));
}
