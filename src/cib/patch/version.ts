// A document's version: `admin_epoch.epoch.num_updates`, compared in that order. The first is raised by the administrator
// to make a copy win, the second by every change of the configuration, the third by every change of the status.
import { parseInteger } from '../values/scalar.ts';
import type { XmlElement } from '../xml/element.ts';

export const versionFields = ['admin_epoch', 'epoch', 'num_updates'] as const;

export type CibVersion = { readonly [Field in (typeof versionFields)[number]]: number };

/** The version that a `<cib>` (or the `<source>` or `<target>` of a patch) declares; what is missing counts as 0. */
export function cibVersionOf(element: XmlElement): CibVersion {
  const [admin_epoch, epoch, num_updates] = versionFields.map((field) =>
    Math.max(0, parseInteger(element.get(field)) ?? 0),
  );
  return { admin_epoch: admin_epoch ?? 0, epoch: epoch ?? 0, num_updates: num_updates ?? 0 };
}

/** Negative when `left` is older. */
export function compareCibVersions(left: CibVersion, right: CibVersion): number {
  for (const field of versionFields) if (left[field] !== right[field]) return left[field] - right[field];
  return 0;
}

/** `0.42.7` */
export function formatCibVersion(version: CibVersion): string {
  return versionFields.map((field) => version[field]).join('.');
}

/** The attributes to set on the element that shall declare `version`. */
export function versionAttributes(version: CibVersion): Record<string, string> {
  return Object.fromEntries(versionFields.map((field) => [field, String(version[field])]));
}
