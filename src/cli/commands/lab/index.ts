// `haven lab`: hosts on this machine to try things on.
import { buildRouteMap } from '@stricli/core';
import { captureCommand } from './capture.ts';
import { cutCommand } from './cut.ts';
import { downCommand } from './down.ts';
import { execCommand } from './exec.ts';
import { healCommand } from './heal.ts';
import { impairCommand } from './impair.ts';
import { partitionCommand } from './partition.ts';
import { bootCommand, freezeCommand, killCommand, pauseCommand, resumeCommand } from './power.ts';
import { probeCommand } from './probe.ts';
import { forwarderCommand, proberCommand, responderCommand } from './roles.ts';
import { statusCommand } from './status.ts';
import { upCommand } from './up.ts';

export const labRoutes = buildRouteMap({
  routes: {
    up: upCommand,
    status: statusCommand,
    exec: execCommand,
    cut: cutCommand,
    partition: partitionCommand,
    heal: healCommand,
    impair: impairCommand,
    kill: killCommand,
    boot: bootCommand,
    pause: pauseCommand,
    freeze: freezeCommand,
    resume: resumeCommand,
    probe: probeCommand,
    capture: captureCommand,
    down: downCommand,
    prober: proberCommand,
    responder: responderCommand,
    forwarder: forwarderCommand,
  },
  docs: {
    brief: 'Real hosts on this machine, to try things on',
    hideRoute: { prober: true, responder: true, forwarder: true },
  },
});
