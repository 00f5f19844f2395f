// What elements the configuration is made of, and which attributes each has, from Pacemaker Explained. One line an
// attribute list: `name`, `!` when it must be there, `:type` (text when left out); types are those of value-type.ts,
// `a|b|c` lists words. The status section is written by the cluster, not by people: it is not looked into.

type AttributeGrammar = { readonly type: string };

export type ElementGrammar = {
  readonly attributes: ReadonlyMap<string, AttributeGrammar>;
  /** Names of attributes that must be there. */
  readonly required: readonly string[];
  readonly children: ReadonlySet<string>;
};

const nvset = ['rule nvpair attributes', 'id!:id id-ref:reference score:score'] as const;
const resourceSets = 'meta_attributes instance_attributes';
const constraint = 'id!:id description';
const roleWord = ':role';
const standard = ':ocf|lsb|service|stonith|systemd|upstart|nagios';
const taskWord = ':start|stop|promote|demote';
const container =
  'image! replicas:positive replicas-per-host:positive promoted-max:count masters:count run-command network options';

/** Element: the elements inside it, its attributes. */
const written: Readonly<Record<string, readonly [children: string, attributes: string]>> = {
  cib: [
    'configuration status',
    'validate-with admin_epoch:count epoch:count num_updates:count crm_feature_set:version have-quorum:boolean dc-uuid ' +
      'no-quorum-panic:count execution-date cib-last-written update-origin update-client update-user ' +
      'remote-tls-port:count remote-clear-port:count',
  ],
  configuration: [
    'crm_config nodes resources constraints rsc_defaults op_defaults fencing-topology tags acls alerts',
    '',
  ],
  crm_config: ['cluster_property_set', ''],
  rsc_defaults: ['meta_attributes', ''],
  op_defaults: ['meta_attributes', ''],
  cluster_property_set: nvset,
  instance_attributes: nvset,
  meta_attributes: nvset,
  utilization: nvset,
  attributes: ['nvpair', ''],
  nvpair: ['', 'id!:id id-ref:reference name value'],
  nodes: ['node', ''],
  node: ['instance_attributes utilization', 'id! uname! type:member|remote|ping|normal score:score description'],
  resources: ['primitive group clone master bundle template', ''],
  primitive: [
    `${resourceSets} utilization operations`,
    `id!:id class${standard} provider type template:reference description`,
  ],
  template: [`${resourceSets} utilization operations`, `id!:id class${standard} provider type description`],
  group: [`${resourceSets} primitive`, 'id!:id description'],
  clone: [`${resourceSets} primitive group`, 'id!:id description'],
  master: [`${resourceSets} primitive group`, 'id!:id description'],
  bundle: [`${resourceSets} docker podman rkt network storage primitive`, 'id!:id description'],
  docker: ['', container],
  podman: ['', container],
  rkt: ['', container],
  network: ['port-mapping', 'ip-range-start control-port:count host-interface host-netmask add-host:boolean'],
  'port-mapping': ['', 'id!:id port internal-port range'],
  storage: ['storage-mapping', ''],
  'storage-mapping': ['', 'id!:id source-dir source-dir-root target-dir! options'],
  operations: ['op', 'id:id id-ref:reference'],
  op: [
    resourceSets,
    `id!:id name! interval!:interval description start-delay:interval interval-origin timeout:interval enabled:boolean ` +
      `record-pending:boolean role${roleWord} requires:nothing|quorum|fencing|unfencing ` +
      'on-fail:ignore|block|demote|stop|restart|standby|fence|restart-container',
  ],
  constraints: ['rsc_location rsc_colocation rsc_order rsc_ticket', ''],
  rsc_location: [
    'rule resource_set lifetime',
    `${constraint} rsc:reference rsc-pattern role${roleWord} node score:score ` +
      'resource-discovery:always|never|exclusive',
  ],
  rsc_colocation: [
    'resource_set lifetime',
    `${constraint} rsc:reference with-rsc:reference rsc-role${roleWord} with-rsc-role${roleWord} score:score ` +
      'score-attribute score-attribute-mangle node-attribute rsc-instance:count with-rsc-instance:count influence:truth',
  ],
  rsc_order: [
    'resource_set lifetime',
    `${constraint} first:reference then:reference first-action${taskWord} then-action${taskWord} ` +
      'first-instance:count then-instance:count kind:None|Optional|Mandatory|Serialize score:score symmetrical:boolean ' +
      'require-all:boolean',
  ],
  rsc_ticket: [
    'resource_set',
    `${constraint} rsc:reference rsc-role${roleWord} rsc-instance:count ticket! ` +
      'loss-policy:stop|demote|fence|freeze',
  ],
  resource_set: [
    'resource_ref',
    `id!:id id-ref:reference sequential:boolean require-all:boolean ordering:group|listed action${taskWord} ` +
      `role${roleWord} score:score kind:None|Optional|Mandatory|Serialize`,
  ],
  resource_ref: ['', 'id!:reference'],
  lifetime: ['rule', ''],
  rule: [
    'rule expression date_expression rsc_expression op_expression',
    'id!:id id-ref:reference boolean-op:and|or score:score score-attribute role',
  ],
  expression: [
    '',
    'id!:id attribute! operation!:lt|gt|lte|gte|eq|ne|defined|not_defined value type:string|integer|number|version ' +
      'value-source:literal|param|meta',
  ],
  date_expression: ['date_spec duration', 'id!:id operation:in_range|date_spec|gt|lt|eq|neq start:date end:date'],
  date_spec: [
    '',
    'id!:id years:range months:range monthdays:range hours:range minutes:range seconds:range yeardays:range ' +
      'weekyears:range weeks:range weekdays:range moon:range',
  ],
  duration: ['', 'id!:id years:count months:count weeks:count days:count hours:count minutes:count seconds:count'],
  rsc_expression: ['', 'id!:id class provider type'],
  op_expression: ['', 'id!:id name! interval:interval'],
  'fencing-topology': ['fencing-level', ''],
  'fencing-level': ['', 'id!:id target target-pattern target-attribute target-value index!:positive devices!'],
  tags: ['tag', ''],
  tag: ['obj_ref', 'id!:id'],
  obj_ref: ['', 'id!:reference'],
  acls: ['acl_target acl_group acl_role', ''],
  acl_target: ['role', 'id! name'],
  acl_group: ['role', 'id! name'],
  role: ['', 'id!:reference'],
  acl_role: ['acl_permission', 'id!:id description'],
  acl_permission: ['', 'id!:id kind!:read|write|deny xpath reference object-type attribute description'],
  alerts: ['alert', ''],
  alert: [`${resourceSets} recipient select`, 'id!:id path! description'],
  recipient: [resourceSets, 'id!:id value! description'],
  select: ['select_attributes select_fencing select_nodes select_resources', ''],
  select_attributes: ['attribute', ''],
  attribute: ['', 'id!:id name!'],
  select_fencing: ['', ''],
  select_nodes: ['', ''],
  select_resources: ['', ''],
};

export const grammar: ReadonlyMap<string, ElementGrammar> = new Map(
  Object.entries(written).map(([element, [children, attributes]]) => [element, elementGrammar(children, attributes)]),
);

function elementGrammar(children: string, attributes: string): ElementGrammar {
  const words = wordsOf(attributes);
  const required = words.filter((word) => nameOf(word).endsWith('!')).map((word) => nameOf(word).slice(0, -1));
  return { children: new Set(wordsOf(children)), attributes: new Map(words.map(attributeOf)), required };
}

function wordsOf(text: string): string[] {
  return text.split(' ').filter((word) => word !== '');
}

/** With its mark. */
function nameOf(word: string): string {
  return word.split(':')[0] ?? '';
}

function attributeOf(word: string): [string, AttributeGrammar] {
  const [, type = 'text'] = word.split(':');
  return [nameOf(word).replace('!', ''), { type }];
}
