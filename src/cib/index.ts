// The cluster's document: its XML tree, and everything that can be said about it without a cluster. Browser-safe.

export type { Access, Acl, Permission, Subject } from './acl/acl.ts';
export { AccessMap, aclFor, unrestrictedUsers } from './acl/acl.ts';
export { visiblePart } from './acl/read.ts';
export { forbiddenChanges } from './acl/write.ts';
export { onDiskDigest, parametersDigest, versionedDigest } from './digest/digest.ts';
export { md5 } from './digest/md5.ts';
export type { SchemaValidator } from './driver/relaxng.ts';
export { compileSchema } from './driver/relaxng.ts';
export type { PatchFailure, PatchRefusal } from './patch/apply.ts';
export { applyChanges, applyPatch } from './patch/apply.ts';
export { diffCibs, diffTrees, withDigest } from './patch/diff.ts';
export type { AttributeChange, Change, Patch } from './patch/patch.ts';
export { patchFromXml, patchToXml } from './patch/patch.ts';
export type { CibVersion } from './patch/version.ts';
export { cibVersionOf, compareCibVersions, formatCibVersion, versionAttributes } from './patch/version.ts';
export { queryXml } from './query/query.ts';
export { tagsOf } from './resources/tags.ts';
export type { TemplateProblem } from './resources/template.ts';
export { effectiveDefinition } from './resources/template.ts';
export { evaluateDateExpression } from './rules/date-expression.ts';
export type { Nvset, NvsetList } from './rules/nvset.ts';
export { collectValues, nvsetsOf, overrideValues, resolveReference } from './rules/nvset.ts';
export type { ResourceAgent, RuleContext, RuleVerdict } from './rules/rule.ts';
export { earlier, evaluateRule } from './rules/rule.ts';
export { createObject, deleteObject, modifyObject, replaceObject, withNextVersion } from './update/update.ts';
export type { SchemaVersion } from './upgrade/schema-version.ts';
export { currentSchema, formatSchemaVersion, parseSchemaVersion } from './upgrade/schema-version.ts';
export type { Upgraded } from './upgrade/upgrade.ts';
export { upgradeCib } from './upgrade/upgrade.ts';
export { clusterOptionTypes, metaAttributeTypes } from './validation/options.ts';
export { validateCib } from './validation/validate.ts';
export type { DateParts, Instant } from './values/date-time.ts';
export { addDuration, datePartsOf, formatInstant, parseInstant } from './values/date-time.ts';
export { exitCodeText, ocfCodes } from './values/exit-code.ts';
export type { Duration } from './values/interval.ts';
export { intervalMsOf, intervalSeconds, parseDuration, parseIntervalMs } from './values/interval.ts';
export type { IntegerRange } from './values/range.ts';
export { inRange, parseRange } from './values/range.ts';
export type { HealthScores, Role } from './values/scalar.ts';
export {
  compareNodeNames,
  compareVersions,
  isTrue,
  parseBoolean,
  parseInteger,
  parseIntegerFrom,
  parseRole,
  parseScore,
  roles,
} from './values/scalar.ts';
export { decodeXml } from './xml/decode.ts';
export { removeElement, replaceElement, replaceElements, rewriteElements } from './xml/edit.ts';
export type { XmlComment, XmlNode, XmlOrigin, XmlText } from './xml/element.ts';
export { sameXml, XmlElement, xmlElement } from './xml/element.ts';
export type { XmlIndex } from './xml/navigation.ts';
export { childAt, walkXml, xmlIndexOf } from './xml/navigation.ts';
export type { XmlLimits, XmlParseOptions } from './xml/parse.ts';
export { parseXml, xmlLimits } from './xml/parse.ts';
export { parsePlainPieces, type ReadBytes } from './xml/pieces.ts';
export type { XmlLayout } from './xml/serialise.ts';
export { escapeAttribute, serialiseXml, serialiseXmlDocument } from './xml/serialise.ts';
