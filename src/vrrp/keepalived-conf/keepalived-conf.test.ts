import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatFinding, type ParsedConfiguration, parseConfiguration, textSurroundings, verdictOf } from './index.ts';
import type { Surroundings } from './surroundings.ts';

const path = '/etc/keepalived/keepalived.conf';

function parse(
  text: string,
  known: Partial<Surroundings> = {},
  others: Record<string, string> = {},
): ParsedConfiguration {
  const parsed = parseConfiguration(path, textSurroundings({ [path]: text, ...others }, known));
  assert.ok(parsed);
  return parsed;
}

function messages(parsed: ParsedConfiguration): string[] {
  return parsed.findings.map(formatFinding);
}

const basic = `vrrp_instance VI_1 {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 244
  advert_int 1
  authentication {
    auth_type PASS
    auth_pass 12345
  }
  virtual_ipaddress {
    192.168.122.200/24
  }
}
`;

function instanceIn(lines: string, known: Partial<Surroundings> = {}) {
  const parsed = parse(
    `vrrp_instance V {\n interface eth0\n virtual_router_id 5\n virtual_ipaddress {\n 10.0.0.1/24\n }\n${lines}\n}\n`,
    known,
  );
  const [instance] = parsed.configuration.instances;
  assert.ok(instance, messages(parsed).join('\n'));
  return { instance, parsed };
}

test('the basic instance is read, with the defaults of the manual, and nothing is said', () => {
  const parsed = parse(basic);
  assert.deepEqual(messages(parsed), []);
  assert.equal(verdictOf(parsed.findings), 0);
  const [instance] = parsed.configuration.instances;
  assert.ok(instance);
  const { name, interface: on, virtualRouterId, priority, advertIntervalMs, version, family, wantedState } = instance;
  assert.deepEqual(
    { name, on, virtualRouterId, priority, advertIntervalMs, version, family, wantedState },
    {
      name: 'VI_1',
      on: 'eth0',
      virtualRouterId: 51,
      priority: 244,
      advertIntervalMs: 1000,
      version: 2,
      family: 'ipv4',
      wantedState: 'MASTER',
    },
  );
  assert.deepEqual(instance.authentication, { kind: 'pass', secret: '12345' });
  assert.deepEqual(
    instance.virtualAddresses.map(({ address, prefixLength }) => ({ address, prefixLength })),
    [{ address: '192.168.122.200', prefixLength: 24 }],
  );
  assert.deepEqual(instance.transport, { kind: 'multicast', group: '224.0.0.18', source: undefined });
  assert.equal(instance.announcement.masterDelayMs, 5000);
  assert.equal(instance.announcement.masterRepeat, 5);
});

test('braces may stand on the next line, on the same line, or share a line with what they hold', () => {
  const shapes = [
    basic,
    basic.replaceAll(' {', '\n{'),
    basic.replaceAll(/ \{\n\s*/g, '{').replaceAll(/\n\s*\}/g, ' }'),
    basic.replaceAll(/\n *\}/g, '}'),
  ];
  const [expected, ...others] = shapes.map((text) => {
    const parsed = parse(text);
    assert.deepEqual(messages(parsed), [], text);
    return parsed.configuration.instances.map(({ place: _, ...instance }) => instance);
  });
  for (const other of others) assert.deepEqual(other, expected);
});

test('comments begin at # or ! outside quotes; quotes join words and keep blanks', () => {
  const { instance } = instanceIn(` priority 7 # low
  ! nothing
  authentication {
    auth_type PASS ! why not
    auth_pass "a#b !"
  }`);
  assert.equal(instance.priority, 7);
  assert.deepEqual(instance.authentication, { kind: 'pass', secret: 'a#b !' });
});

test('scripts: a quoted command line is split once more, escapes included; the next words are user and group', () => {
  const { instance } = instanceIn(String.raw` notify "/bin/n a 'b c' \"d e\" \x41" root root
  notify_master /bin/m
  notify_fault '/bin/f "x y" z'`);
  assert.deepEqual(instance.notify.any, {
    command: ['/bin/n', 'a', 'b c', 'd e', 'A'],
    user: { uid: 0, gid: 0, name: 'root' },
  });
  assert.deepEqual(instance.notify.master, { command: ['/bin/m'], user: undefined });
  assert.deepEqual(instance.notify.fault?.command, ['/bin/f', 'x y', 'z']);
});

test('a script meant for a user that does not exist is reported, and not run as someone else', () => {
  const { instance, parsed } = instanceIn(' notify /bin/n nosuch');
  assert.equal(instance.notify.any, undefined);
  assert.match(messages(parsed).join(), /Line 7\) \(V\) notify '\/bin\/n' is not run: user 'nosuch' does not exist/);
});

test('conditional lines: @ID only there, @^ID everywhere else', () => {
  const text = ' @main priority 10\n @^main priority 20';
  assert.equal(instanceIn(text, { configId: 'main' }).instance.priority, 10);
  assert.equal(instanceIn(text, { configId: 'other' }).instance.priority, 20);
});

test('parameters are substituted when used, recursively; unknown ones stay as text', () => {
  const parsed = parse(`$BASE=10.2.\${SUB}
$SUB=0
static_ipaddress {
  \${BASE}.100/32
  $SUB=10
  \${BASE}.100/32
}
$UNUSED=x
vrrp_script s { script "/bin/s $UNKNOWN \${ALSO}" }
`);
  assert.deepEqual(
    parsed.configuration.staticAddresses.map(({ address }) => address),
    ['10.2.0.100', '10.2.10.100'],
  );
  assert.deepEqual(parsed.configuration.scripts[0]?.command, ['/bin/s', '$UNKNOWN', `\${ALSO}`]);
});

test('definitions of several lines nest, and are read again with each use', () => {
  const parsed = parse(`$ADDR= \\
10.0.\${NUM}.254/24
$INSTANCE= \\
vrrp_instance VI_\${NUM} { \\
  interface eth0.\${NUM} \\
  virtual_router_id 1 \\
  @high priority 130 \\
  @^high priority 120 \\
  virtual_ipaddress { \\
    $ADDR \\
  } \\
}
$NUM=0
$INSTANCE

$NUM=1
$INSTANCE
`);
  assert.deepEqual(messages(parsed), []);
  assert.deepEqual(
    parsed.configuration.instances.map(({ name, interface: on, priority, virtualAddresses }) => [
      name,
      on,
      priority,
      virtualAddresses[0]?.address,
    ]),
    [
      ['VI_0', 'eth0.0', 120, '10.0.0.254'],
      ['VI_1', 'eth0.1', 120, '10.0.1.254'],
    ],
  );
});

test('a parameter that stands for a condition decides about its line', () => {
  const text = '$IF_MAIN=@main\n$IF_MAIN priority 240';
  assert.equal(instanceIn(text, { configId: 'main' }).instance.priority, 240);
  assert.equal(instanceIn(text).instance.priority, 100);
});

test('sequences and lists, alone and combined, as the manual shows them', () => {
  const addresses = (line: string): string[] =>
    parse(`static_ipaddress {\n ${line}\n}`).configuration.staticAddresses.map(({ address }) => address);
  assert.deepEqual(addresses(`~SEQ(S, 0, 3) 10.0.\${S}.1`), ['10.0.0.1', '10.0.1.1', '10.0.2.1', '10.0.3.1']);
  assert.deepEqual(addresses(`~SEQ(S, 2) 10.0.\${S}.1`), ['10.0.1.1', '10.0.2.1']);
  assert.deepEqual(addresses(`~SEQx(S, 144, 16, 192) fe80::20:\${S}:1`), [
    'fe80::20:90:1',
    'fe80::20:a0:1',
    'fe80::20:b0:1',
    'fe80::20:c0:1',
  ]);
  assert.deepEqual(addresses(`~SEQx(B, 0x12, -1, 0x11) fe81::10:\${B}`), ['fe81::10:12', 'fe81::10:11']);
  assert.deepEqual(addresses(`~LST({P, Q}, {10,1},{20,4}) ~SEQ(R,168,2,170) 192.\${R}.\${P}.\${Q}`), [
    '192.168.10.1',
    '192.170.10.1',
    '192.168.20.4',
    '192.170.20.4',
  ]);
});

test('predefined parameters: the folder, the configuration id, # and !, and a random number in its range', () => {
  const text = `vrrp_script s { script "\${_PWD}/s \${_INSTANCE} \${_HASH} \${_BANG} \${_RANDOM 5 7}" }`;
  const command = parse(text).configuration.scripts[0]?.command ?? [];
  assert.deepEqual(command.slice(0, 4), ['/etc/keepalived/s', 'host', '#', '!']);
  assert.match(command[4] ?? '', /^[567]$/);
});

test('definitions that use themselves are reported, and end', () => {
  for (const text of ['$A=$A\n$A', `$A=\${B}\${B}\n$B=\${A}x\${A}\n$A`, '$A= \\\n $A \\\n $A\n$A']) {
    assert.match(messages(parse(text)).join('\n'), /a definition uses itself|more than/);
  }
});

test('includes are read in place, relative to the including file; their lines are told by their own names', () => {
  const parsed = parse(
    'include conf.d/*.conf\n',
    {},
    {
      '/etc/keepalived/conf.d/a.conf': basic.replace('priority 244', 'priority 300\n include more'),
      '/etc/keepalived/conf.d/more': 'nopreempt\n',
    },
  );
  assert.equal(parsed.configuration.instances[0]?.name, 'VI_1');
  assert.match(
    messages(parsed)[0] ?? '',
    /^\(\/etc\/keepalived\/conf.d\/a.conf: Line 5\) .*'300' outside range \[1, 255\]/,
  );
});

test('a missing include is news with include, and an error with includea or include_check', () => {
  assert.equal(verdictOf(parse('include /no/*').findings), 0);
  assert.equal(verdictOf(parse('includea /no/*').findings), 5);
  assert.equal(verdictOf(parse('includem /no/*').findings), 0);
  assert.equal(verdictOf(parse('includem /no/one').findings), 5);
  assert.equal(verdictOf(parse('global_defs {\n include_check\n}\ninclude /no/*').findings), 5);
});

test('a file that includes itself is reported, and ends', () => {
  assert.match(messages(parse(`include ${path}`)).join(), /nested more than/);
});

test('global_defs count for instances wherever they stand', () => {
  const parsed = parse(`${basic}global_defs {\n vrrp_version 3\n vrrp_garp_master_repeat 2\n router_id R\n}\n`);
  assert.equal(parsed.configuration.instances[0]?.version, 3);
  assert.equal(parsed.configuration.instances[0]?.announcement.masterRepeat, 2);
  assert.equal(parsed.configuration.global.routerId, 'R');
});

test('a global default is what each instance would say itself, and an instance may say otherwise', () => {
  const pairs: [global: string, own: string, otherwise: string][] = [
    ['vrrp_version 3', 'version 3', 'version 2'],
    ['vrrp_garp_master_delay 7', 'garp_master_delay 7', 'garp_master_delay 8'],
    ['vrrp_garp_master_repeat 3', 'garp_master_repeat 3', 'garp_master_repeat 4'],
    ['vrrp_garp_master_refresh 60', 'garp_master_refresh 60', 'garp_master_refresh 61'],
    ['vrrp_garp_master_refresh_repeat 2', 'garp_master_refresh_repeat 2', 'garp_master_refresh_repeat 3'],
    ['vrrp_garp_lower_prio_delay 9', 'garp_lower_prio_delay 9', 'garp_lower_prio_delay 4'],
    ['vrrp_garp_lower_prio_repeat 6', 'garp_lower_prio_repeat 6', 'garp_lower_prio_repeat 7'],
    ['vrrp_garp_extra_if all 30', 'garp_extra_if all 30', 'garp_extra_if 31'],
    ['vrrp_skip_check_adv_addr', 'skip_check_adv_addr', 'skip_check_adv_addr off'],
    ['vrrp_lower_prio_no_advert', 'lower_prio_no_advert', 'lower_prio_no_advert off'],
    ['vrrp_higher_prio_send_advert', 'higher_prio_send_advert', 'higher_prio_send_advert off'],
    ['vrrp_down_timer_adverts 5', 'down_timer_adverts 5', 'down_timer_adverts 4'],
    ['vrrp_notify_priority_changes', 'notify_priority_changes', 'notify_priority_changes off'],
  ];
  const saying = (lines: string, globals = '') => {
    const parsed = parse(`global_defs {\n${globals}\n}\n${basic.replace('advert_int 1', `advert_int 1\n${lines}`)}`);
    const { place: _, ...instance } = parsed.configuration.instances[0] ?? assert.fail(messages(parsed).join());
    return instance;
  };
  for (const [global, own, otherwise] of pairs) {
    assert.deepEqual(saying('', global), saying(own), global);
    assert.notDeepEqual(saying('', global), saying(''), `${global} does something`);
    assert.deepEqual(saying(otherwise, global), saying(otherwise), `${otherwise} beside ${global}`);
  }
  const unicast = 'unicast_peer {\n 192.168.122.9\n}\n';
  assert.deepEqual(saying(unicast, 'vrrp_check_unicast_src'), saying(`${unicast}check_unicast_src`));
});

test('what the file says of static things, links, scripts and processes reaches those who see to it', () => {
  const { configuration } = parse(
    `interface_up_down_delays {\n eth0 2 3\n}
vrrp_script s {\n script /bin/true\n init_fail\n}
track_process p {\n process httpd -k start\n param_match initial\n fork_delay 1\n terminate_delay 2\n full_command\n}
static_ipaddress {\n 10.0.0.5/24 dev eth0\n}
static_routes {\n 10.1.0.0/16 dev eth0\n}
static_rules {\n from 10.2.0.0/16 table 7 preference 99\n}
${basic}`,
  );
  const [delay] = configuration.interfaceDelays;
  assert.deepEqual([delay?.interface, delay?.downDelayMs, delay?.upDelayMs], ['eth0', 2000, 3000]);
  assert.equal(configuration.scripts[0]?.initFail, true);
  const [process] = configuration.processes;
  assert.deepEqual(
    [process?.parameters, process?.fullCommand, process?.forkDelayMs, process?.terminateDelayMs],
    ['initial', true, 1000, 2000],
  );
  assert.equal(configuration.staticAddresses[0]?.address, '10.0.0.5');
  assert.equal(configuration.staticRoutes[0]?.destination, '10.1.0.0');
  assert.deepEqual([configuration.staticRules[0]?.table, configuration.staticRules[0]?.preference], [7, 99]);
});

test('a block that is never closed is named, whichever follows it, and the blocks after it are still read', () => {
  const parsed = parse(`${basic.replace(/\}\n$/, '')}${basic.replaceAll('VI_1', 'VI_2').replace('51', '52')}`);
  assert.match(
    messages(parsed).join('\n'),
    /^\(.*: Line 1\) Missing '\}': the block 'vrrp_instance VI_1' is never closed/,
  );
  assert.equal(parsed.findings.length, 1);
  assert.deepEqual(
    parsed.configuration.instances.map(({ name }) => name),
    ['VI_1', 'VI_2'],
  );
});

test('a stray closing brace is one fault, not one for each line after it', () => {
  const parsed = parse(basic.replace('  advert_int 1\n', '  }\n  advert_int 1\n'));
  assert.equal(parsed.findings.filter(({ what }) => what.startsWith('Unknown keyword')).length, 1);
  assert.match(messages(parsed).join('\n'), /'advert_int' outside a block/);
});

test('an unknown keyword suggests the nearest, and its block is skipped', () => {
  const { parsed } = instanceIn(' priorty 7\n frobnicate {\n  state NONE\n }');
  assert.deepEqual(
    parsed.findings.map(({ place, what, fix }) => [place.line, what, fix]),
    [
      [7, "(V) Unknown keyword 'priorty'", "Did you mean 'priority'?"],
      [8, "(V) Unknown keyword 'frobnicate'", undefined],
    ],
  );
});

test('words of JavaScript objects are no keywords', () => {
  const parsed = parse('constructor\n__proto__ {\n}\nvrrp_instance toString {\n hasOwnProperty 3\n}\n');
  assert.equal(parsed.findings.filter(({ what }) => what.includes('Unknown keyword')).length, 2);
});

test('trackers take the weights of what they name unless they give their own', () => {
  const parsed = parse(`vrrp_script s {\n script /bin/true\n weight 4 reverse\n}
vrrp_script t {\n script /bin/true\n}
track_process p {\n process nginx "worker process"\n}
vrrp_track_file f {\n file /run/f\n init_file 5 overwrite\n}
bfd_instance b {\n neighbor_ip 10.0.0.2\n}
${basic.replace(/\}\n$/, '')} track_script {\n s\n t weight 7 noreverse\n }
 track_process {\n p\n }\n track_file {\n f weight -2\n }\n track_bfd {\n b\n }\n track_interface {\n eth1 weight 5 reverse\n }\n}\n`);
  assert.deepEqual(messages(parsed), []);
  const [instance] = parsed.configuration.instances;
  assert.deepEqual(instance?.trackScripts, [
    { name: 's', weight: 4, reverse: true },
    { name: 't', weight: 7, reverse: false },
  ]);
  assert.deepEqual(instance?.trackProcesses, [{ name: 'p', weight: 1, reverse: false }]);
  assert.deepEqual(instance?.trackFiles, [{ name: 'f', weight: -2, reverse: false }]);
  assert.deepEqual(instance?.trackBfd, [{ name: 'b', weight: 0, reverse: false }]);
  assert.deepEqual(instance?.trackInterfaces, [{ name: 'eth1', weight: 5, reverse: true }]);
  const [process] = parsed.configuration.processes;
  assert.deepEqual(process?.command, ['nginx', 'worker process']);
  assert.equal(process?.parameters, 'exact');
  assert.deepEqual(parsed.configuration.files[0]?.initialise, { value: 5, overwrite: true });
});

test('members of a sync group lose the weights of their own trackers, and it is said', () => {
  const parsed = parse(
    `${basic.replace(/\}\n$/, '')} track_interface {\n eth1 weight 5\n }\n}\nvrrp_sync_group G {\n group {\n VI_1\n }\n}\n`,
  );
  assert.deepEqual(parsed.configuration.instances[0]?.trackInterfaces, [{ name: 'eth1', weight: 0, reverse: false }]);
  assert.match(messages(parsed).join('\n'), /ignoring eth1 tracked weight due to SYNC group/);
});

test('address lines: dev, label, scope, broadcast, peer and the flags', () => {
  const { instance, parsed } = instanceIn(
    ` virtual_ipaddress_excluded {
  10.0.1.1/24 brd + dev eth1 label eth1:1 scope link home -nodad noprefixroute no_track preferred_lft 30
  10.0.1.2/24 peer 10.0.2.2/32
  fe80::5
 }`,
    { routingName: (kind, name) => (kind === 'scope' && name === 'link' ? 253 : undefined) },
  );
  assert.deepEqual(messages(parsed), []);
  const [first, second, third] = instance.excludedAddresses;
  assert.deepEqual(first, {
    address: '10.0.1.1',
    prefixLength: 24,
    family: 'ipv4',
    interface: 'eth1',
    broadcast: '10.0.1.255',
    label: 'eth1:1',
    scope: 253,
    peer: undefined,
    home: true,
    noDad: true,
    mngTmpAddr: false,
    noPrefixRoute: true,
    preferredLifetimeMs: 30_000,
    noTrack: true,
    useVmac: false,
  });
  assert.deepEqual([second?.peer, second?.prefixLength], ['10.0.2.2', 32]);
  assert.equal(third?.preferredLifetimeMs, 0, 'a /128 is deprecated, so that the host does not speak from it');
});

test('routes and rules are read as ip-route(8) and ip-rule(8) words', () => {
  const { instance, parsed } = instanceIn(` virtual_routes {
  src 192.168.100.1 to 192.168.109.0/24 via 192.168.200.254 dev eth1 metric 5
  default via 10.0.0.254 dev eth0 table 100 onlink
  192.168.100.0/24 table 6909 nexthop via 192.168.101.1 dev wlan0 onlink weight 1 nexthop via 192.168.101.2 weight 2
  blackhole 192.168.114.0/24
 }
 virtual_rules {
  from 192.168.28.0/24 to 192.168.29.0/26 table 7 iif eth1 fwmark 24/12 preference 39 no_track
 }`);
  assert.deepEqual(messages(parsed), []);
  const [first, second, third, fourth] = instance.virtualRoutes;
  assert.deepEqual(
    [first?.preferredSource, first?.destination, first?.prefixLength, first?.gateway, first?.interface, first?.metric],
    ['192.168.100.1', '192.168.109.0', 24, '192.168.200.254', 'eth1', 5],
  );
  assert.deepEqual(
    [second?.destination, second?.prefixLength, second?.table, second?.onLink],
    ['0.0.0.0', 0, 100, true],
  );
  assert.deepEqual(third?.nexthops, [
    { gateway: '192.168.101.1', interface: 'wlan0', weight: 1, onLink: true },
    { gateway: '192.168.101.2', interface: undefined, weight: 2, onLink: false },
  ]);
  assert.equal(fourth?.kind, 'blackhole');
  const [rule] = instance.virtualRules;
  assert.deepEqual(
    [
      rule?.from?.address,
      rule?.to?.prefixLength,
      rule?.table,
      rule?.firewallMark,
      rule?.firewallMask,
      rule?.preference,
    ],
    ['192.168.28.0', 26, 7, 24, 12, 39],
  );
});

test('a rule that could only be set without one of its selectors is not set', () => {
  const { instance, parsed } = instanceIn(' virtual_rules {\n uidrange 1-2 table 7 preference 3\n }');
  assert.deepEqual(instance.virtualRules, []);
  assert.match(messages(parsed).join(), /would match too much/);
});

test('virtual servers are read over, whatever is in them, and reported as not served', () => {
  const parsed = parse('virtual_server 10.0.0.1 80 {\n protocol TCP\n real_server 10.0.0.2 80 {\n weird\n }\n}\n');
  assert.deepEqual(parsed.configuration.virtualServers, ['virtual_server 10.0.0.1 80']);
  assert.equal(verdictOf(parsed.findings), 0);
  assert.match(messages(parsed).join(), /is not served/);
});

test('root scripts without script security: the verdict of the peer, and who could change the script', () => {
  const program = (command: string) => ({
    found: true,
    executable: true,
    writableByOthers: command === '/w/s' ? ['/w'] : [],
  });
  const text = 'vrrp_script s {\n script /w/s\n}\n';
  const open = parse(text, { program });
  assert.equal(verdictOf(open.findings), 6);
  assert.match(messages(open).join(), /SECURITY VIOLATION.*users other than root may change \/w/);
  const secured = parse(`global_defs {\n enable_script_security\n script_user root\n}\n${text}`, { program });
  assert.equal(verdictOf(secured.findings), 5);
  assert.deepEqual(secured.configuration.scripts, []);
  assert.match(
    messages(secured).join(),
    /Disabling track script s '\/w\/s' due to insecure: users other than root may change \/w/,
  );
});

test('garp_group paces the announcements of its interfaces, before the global setting', () => {
  const parsed = parse(`global_defs {
 vrrp_garp_interval 0.5
 vrrp_gna_interval 0.25
}
garp_group {
 interfaces {
  eth0
  eth1
 }
 garp_interval 0.001
}
${basic}${basic.replace('VI_1', 'VI_2').replace('eth0', 'eth9')}`);
  assert.deepEqual(
    parsed.configuration.instances.map(({ announcement: { garpIntervalMs, gnaIntervalMs } }) => [
      garpIntervalMs,
      gnaIntervalMs,
    ]),
    [
      [1, 250],
      [500, 250],
    ],
  );
});

test('damaged configurations are read to their end without a throw', () => {
  const seed = `${basic}vrrp_script s {\n script "/bin/x 'a b'"\n interval 1\n}\n$A=5\n~SEQ(Q,1,3) static_ipaddress { 10.0.0.\${Q} }\n@host priority 3\n`;
  const pieces = [
    '{',
    '}',
    '"',
    "'",
    '\\',
    '$A=',
    `\${`,
    '~SEQ(X,1,9)',
    '~LST(',
    '@',
    '@^',
    '\n',
    '# ',
    ' 99999999999 ',
    '-1',
    'include x',
    ' / ',
    '::',
    '\0',
    'é',
  ];
  const mutation = fc.tuple(fc.nat(seed.length), fc.nat(20), fc.constantFrom(...pieces));
  fc.assert(
    fc.property(fc.array(mutation, { maxLength: 8 }), (mutations) => {
      const text = mutations.reduce((now, [at, gone, piece]) => now.slice(0, at) + piece + now.slice(at + gone), seed);
      const parsed = parse(text);
      for (const finding of parsed.findings) assert.ok(finding.what.length > 0);
      for (const instance of parsed.configuration.instances) {
        assert.ok(instance.priority >= 1 && instance.priority <= 255);
        assert.ok(instance.advertIntervalMs >= 10);
      }
    }),
    { numRuns: 2000 },
  );
});

test('strict mode leaves unicast peers as they are, and says so without an error', () => {
  const { instance, parsed } = instanceIn('strict_mode\nunicast_peer {\n 10.0.0.2\n}');
  assert.equal(instance.transport.kind, 'unicast');
  assert.equal(verdictOf(parsed.findings), 0);
  assert.match(messages(parsed).join(), /unicast peers are not VRRP as strict mode means it/);
});
