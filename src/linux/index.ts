// The only room that touches the kernel. A call answers a typed result: a value, or an error that names the call, the
// errno, what was attempted and, where it is known, what to do about it (`kernelFailure` puts it in words).
//
// Everything is synchronous and never waits, except what is told by a listener; listeners run on the event loop of the
// thread that asked, the main thread or a worker. Call `settleWatchMethod` at the start of a thread that listens.

// Addresses, clocks, errors
export type { Family } from './address.ts';
export {
  addressBytes,
  addressText,
  familyOf,
  hardwareAddressBytes,
  hardwareAddressText,
  isMulticast,
} from './address.ts';
// Ciphers
export type { AesGcm } from './aes-gcm.ts';
export { loadAesGcm } from './aes-gcm.ts';
export { bootId, bootMs, monotonicMs, systemStart } from './clock.ts';
export type { DeadlineTimerOptions } from './deadline-timer.ts';
export { DeadlineTimer } from './deadline-timer.ts';
export type { KernelError, KernelResult } from './error.ts';
export { kernelFailure, orFail } from './error.ts';
export { openContent } from './file/content.ts';
// Files
export type { FileChange, FileEvent, FileListener, FileWatch } from './file/inotify.ts';
export { watchFiles } from './file/inotify.ts';
export type { FileLock } from './file/lock.ts';
export { lockFolder, lockPidFile } from './file/lock.ts';
export type { Watchdog } from './file/watchdog.ts';
export { armWatchdog } from './file/watchdog.ts';
// Network namespaces
export type { NamespacePath } from './namespace/enter.ts';
export { inNamespace, moveIntoNamespace, namedNamespace, namespaceOfProcess } from './namespace/enter.ts';
export type { SysctlKey } from './namespace/inside.ts';
export { readSysctl, spawnInNamespace, writeSysctl } from './namespace/inside.ts';
// Addresses, links, routes and rules of the kernel
export type { AddressFlag, AddressKey, AddressSettings, InterfaceAddress, Scope } from './netlink/addresses.ts';
export { addAddress, deleteAddress, listAddresses, replaceAddress } from './netlink/addresses.ts';
export type { NetworkEvent, NetworkSubject, NetworkWatch, NetworkWatchOptions } from './netlink/events.ts';
export { watchNetwork } from './netlink/events.ts';
export type { LinkChange, LinkSettings } from './netlink/link-change.ts';
export { addLink, deleteLink, setLink } from './netlink/link-change.ts';
export type { Link, LinkFlag, OperationalState } from './netlink/links.ts';
export { linkByName, listLinks } from './netlink/links.ts';
export type { Neighbour } from './netlink/neighbours.ts';
export { listNeighbours } from './netlink/neighbours.ts';
export type { NextHop, Route, RouteProtocol, RouteScope, RouteTable, RouteType } from './netlink/routes.ts';
export { addRoute, deleteRoute, listRoutes, replaceRoute } from './netlink/routes.ts';
export type { Rule, RuleAction } from './netlink/rules.ts';
export { addRule, deleteRule, listRules } from './netlink/rules.ts';
export type { RouteSocket } from './netlink/socket.ts';
export { openRouteSocket } from './netlink/socket.ts';
// Ethernet frames
export type { Announcement, ArpMessage } from './packet/announcement.ts';
export {
  arpRequest,
  decodeArp,
  decodeNeighbourAdvertisement,
  etherTypeArp,
  etherTypeIpv4,
  etherTypeIpv6,
  gratuitousArp,
  internetChecksum,
  neighbourProbe,
  unsolicitedNeighbourAdvertisement,
} from './packet/announcement.ts';
export type { FieldChoice, FieldMatch, PacketFilter } from './packet/filter.ts';
export { choicesMax, matchFields } from './packet/filter.ts';
export type { Frame, FrameListener, PacketSocketOptions, PacketType } from './packet/socket.ts';
export { openPacketSocket, PacketSocket } from './packet/socket.ts';
// Processes and threads
export type { ProcessEvent, ProcessWatch, ProcessWatchOptions } from './process/events.ts';
export { watchProcesses } from './process/events.ts';
export type { ProcessEntry } from './process/listing.ts';
export { commandLineOf, listProcesses, readProcess } from './process/listing.ts';
export type { ProcessHandle } from './process/pidfd.ts';
export { openProcess } from './process/pidfd.ts';
export { openPipe } from './process/pipe.ts';
export { poolOfOne, programPath, startWorker, workerRoleData } from './process/program.ts';
export type { SchedulingClass } from './process/scheduling.ts';
export {
  limitRealTime,
  schedulingClass,
  setNiceness,
  setProcessors,
  setRealTime,
} from './process/scheduling.ts';
export { adoptOrphans, dieWithParent, setThreadName } from './process/self.ts';
export type { ServiceManager } from './process/service-manager.ts';
export { serviceManager } from './process/service-manager.ts';
// Memory in common
export { type ProgramEnd, type ProgramStart, type StartedProgram, startProgram } from './process/spawn.ts';
export { linger, whenCalm } from './readiness/linger.ts';
// Readiness of descriptors
export { watchShared } from './readiness/shared.ts';
export type { Watch, WatchMethod } from './readiness/watch.ts';
export { settleWatchMethod, watchReadable } from './readiness/watch.ts';
export { createSharedMemory, mapSharedMemory } from './shared-memory.ts';
// IP sockets
export type { MessageBatch, RememberedMessage } from './socket/batch.ts';
export type { BatchListener, Group, IpSocketOptions, MessageListener } from './socket/ip.ts';
export { IpSocket } from './socket/ip.ts';
export type { Departure, MessageView, ReceivedMessage } from './socket/message.ts';
export type { PeerCredentials } from './socket/peer.ts';
export { peerCredentials } from './socket/peer.ts';
export type { Ipv4Packet, RawSocketOptions } from './socket/raw.ts';
export { openRawSocket, splitIpv4 } from './socket/raw.ts';
export { DatagramRun } from './socket/run.ts';
export type { Endpoint } from './socket/sockaddr.ts';
export type { Facility, Syslog, SyslogOptions } from './socket/syslog.ts';
export { facilities, openSyslog } from './socket/syslog.ts';
export type { UdpSocketOptions } from './socket/udp.ts';
export { localEndpoint, openUdpSocket } from './socket/udp.ts';
