// Who belongs to the cluster, and how that changes: invitations and admissions, removal, and catching up with a list that
// changed while this node was away. The list travels in the order of messages; everything else goes over TLS.
import { readFileSync } from 'node:fs';
import type { Server } from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';
import type { InvitationOutcome, NodeList, NodeService } from '../../../api/index.ts';
import { CommandFailure, err, type Failure, formatDuration, type Logger, ok, type Result } from '../../../kit/index.ts';
import { monotonicMs } from '../../../linux/index.ts';
import { type ClusterConfiguration, formatClusterConfiguration, writeClusterConfiguration } from '../configuration.ts';
import { certify, fingerprintOf } from './authority.ts';
import { type Certificates, openCertificates } from './certificate-files.ts';
import { formatToken, invitationMsMax, OpenInvitations } from './invitation.ts';
import { nodeListOf, withNode, withoutNode } from './node-list.ts';
import { type Admission, type AdmissionRequest, listenForPeers } from './peer-server.ts';
import { newestList, peerClients } from './peers.ts';

export type AdministrationOptions = {
  readonly configuration: ClusterConfiguration;
  readonly self: string;
  readonly logger: Logger;
  /** Puts the list into the order of messages. */
  readonly say: (list: NodeList) => void;
  /** Why this node cannot change the list now, or undefined. */
  readonly obstacle: () => Failure | undefined;
  /** Another list is in force: for the ring. */
  readonly onList: (configuration: ClusterConfiguration) => void;
};

/** At the start the others are asked before the ring runs; one that is off costs this much. */
const startAnswerMs = 250;
const answerMs = 5000;
const orderMsMax = 10_000;
const pollMs = 10;
const attemptsMax = 8;

export class Administration {
  readonly #options: AdministrationOptions;
  readonly #certificates: Certificates | undefined;
  readonly #invitations = new OpenInvitations();
  #configuration: ClusterConfiguration;
  #server: Server | undefined;
  #looking = false;

  private constructor(options: AdministrationOptions, certificates: Certificates | undefined) {
    this.#options = options;
    this.#configuration = options.configuration;
    this.#certificates = certificates;
  }

  /**
   * Asks the other nodes for a newer list than the file's, before the ring is made of it.
   * @throws CommandFailure `config`: the cluster has removed this node.
   */
  static async open(options: AdministrationOptions): Promise<Administration> {
    const { configuration, self } = options;
    const addresses = configuration.nodes.find(({ name }) => name === self)?.addresses ?? [];
    const certificates = await openCertificates(configuration.certificateDirectory, { name: self, addresses });
    const administration = new Administration(options, certificates);
    await administration.#catchUp(startAnswerMs);
    if (administration.#isRemoved()) {
      throw new CommandFailure({
        kind: 'config',
        what: `this machine is no node of the cluster '${configuration.cluster}' any more: '${self}' was removed from it`,
        fix: 'Clear what is left: haven cluster leave --force. To come back, join with an invitation',
      });
    }
    return administration;
  }

  get configuration(): ClusterConfiguration {
    return this.#configuration;
  }

  get list(): NodeList {
    return nodeListOf(this.#configuration);
  }

  /** Serves the others from now on. Without it the cluster works, and cannot be changed. */
  async listen(node: NodeService): Promise<void> {
    const certificates = this.#certificates;
    const { self, logger } = this.#options;
    const { nodes, port } = this.#configuration;
    const address = nodes.find(({ name }) => name === self)?.addresses[0];
    if (certificates === undefined || address === undefined) return;
    try {
      const votes = () => node.status().quorum.votes;
      const admit = (request: AdmissionRequest) => this.#admit(request, { certificates, votes });
      this.#server = await listenForPeers({ address, port, certificates, node, admit });
    } catch (thrown) {
      if (!(thrown instanceof CommandFailure)) throw thrown;
      logger.warning(`no administration between nodes here: ${thrown.message}`);
    }
  }

  close(): void {
    this.#server?.close();
    (this.#server as { closeAllConnections?: () => void } | undefined)?.closeAllConnections?.();
  }

  invite(lifetimeMs: number, by: string): InvitationOutcome {
    const failure = this.#inviteRefusal(lifetimeMs) ?? this.#options.obstacle();
    if (failure !== undefined) return { ok: false, failure };
    this.#options.logger.notice(`${by} invites a machine`);
    const { cluster, nodes, port } = this.#configuration;
    const address = nodes.find(({ name }) => name === this.#options.self)?.addresses[0] ?? '';
    const fingerprint = fingerprintOf(this.#certificates?.authority.certificate ?? '');
    const secret = this.#invitations.open(monotonicMs() + lifetimeMs);
    return {
      ok: true,
      token: formatToken({ cluster, address, port, fingerprint, secret }),
      endsAt: Date.now() + lifetimeMs,
    };
  }

  /** Takes a node off the list, on all members. */
  remove(name: string): Promise<Result<NodeList, Failure>> {
    return this.#change((list) => withoutNode(list, name));
  }

  /** A list that came in the order of messages, or from another node. */
  adopt(list: NodeList): void {
    if (list.revision <= this.#configuration.revision) return;
    const { revision, highestId, nodes } = list;
    this.#configuration = { ...this.#configuration, revision, highestId, nodes };
    if (this.#isRemoved()) {
      // The file stays as it was: the next start is told so again, and by whom.
      return this.#options.logger.error('this node was removed from the cluster: haven cluster leave --force');
    }
    try {
      writeClusterConfiguration(this.#configuration);
    } catch (thrown) {
      // At its next start the node asks the others for the list.
      this.#options.logger.error(`cannot write the list of nodes: ${(thrown as Error).message}`);
    }
    this.#options.logger.notice(`the cluster's nodes are now ${nodes.map(({ name }) => name).join(' ')}`);
    this.#options.onList(this.#configuration);
  }

  /** A node that we do not know speaks: the list may have changed while we were cut off. */
  async lookForChanges(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#catchUp(answerMs);
    } finally {
      this.#looking = false;
    }
  }

  #isRemoved(): boolean {
    return !this.#configuration.nodes.some(({ name }) => name === this.#options.self);
  }

  async #catchUp(timeoutMs: number): Promise<void> {
    const certificates = this.#certificates;
    if (certificates === undefined) return;
    const newest = await newestList(
      peerClients(this.#configuration, { self: this.#options.self, certificates, timeoutMs }),
    );
    if (newest !== undefined) this.adopt(newest);
  }

  #inviteRefusal(lifetimeMs: number): Failure | undefined {
    if (!(lifetimeMs > 0) || lifetimeMs > invitationMsMax) {
      const most = formatDuration(invitationMsMax);
      return { kind: 'usage', what: `an invitation is good for at most ${most}`, fix: 'Give a shorter time' };
    }
    if (this.#server !== undefined) return undefined;
    const directory = this.#configuration.certificateDirectory;
    return {
      kind: 'unavailable',
      what: 'this node cannot invite: it does not serve other machines over TLS',
      why: this.#certificates === undefined ? `there is no authority in ${directory}` : 'see what its log says of that',
      fix:
        this.#certificates === undefined
          ? `Make one with 'haven cluster authority', copy ${directory}/ca.* to every node, and restart the daemons`
          : 'Free the TCP port, and restart the daemon',
    };
  }

  async #admit(
    request: AdmissionRequest,
    { certificates, votes }: { readonly certificates: Certificates; readonly votes: () => number },
  ): Promise<Result<Admission, Failure>> {
    const { secret, name, addresses, request: wanted } = request;
    const standing = this.#invitations.judge(secret, monotonicMs());
    if (standing !== 'good') {
      const what = standing === 'expired' ? 'the invitation has expired' : 'the invitation is not known here';
      const why = 'each is good once, for its time, and until the daemon that gave it out is restarted';
      return err({ kind: 'permission', what, why, fix: 'On a member: haven cluster invite' });
    }
    try {
      // Before anything is changed: what cannot be certified is not let in.
      const certificate = await certify(certificates.authority, { name, addresses }, wanted);
      const changed = await this.#change((list) => withNode(list, { name, addresses }, votes()));
      if (!changed.ok) return changed;
      this.#invitations.close(secret);
      const key = readFileSync(this.#configuration.keyFile).toString('base64');
      const { authority } = certificates;
      return ok({ configuration: formatClusterConfiguration(this.#configuration), key, authority, certificate });
    } catch (thrown) {
      if (thrown instanceof CommandFailure) return err(thrown.failure);
      throw thrown;
    }
  }

  /** Until the list that we made is in force: another's may come before it in the order, and ours is made anew. */
  async #change(make: (list: NodeList) => Result<NodeList, Failure>): Promise<Result<NodeList, Failure>> {
    for (let attempt = 0; attempt < attemptsMax; attempt++) {
      const obstacle = this.#options.obstacle();
      if (obstacle !== undefined) return err(obstacle);
      const made = make(this.list);
      if (!made.ok) return made;
      this.#options.say(made.value);
      const deadlineMs = monotonicMs() + orderMsMax;
      while (this.list.revision < made.value.revision && monotonicMs() < deadlineMs) await pause(pollMs);
      if (JSON.stringify(this.list) === JSON.stringify(made.value)) return made;
    }
    return err({
      kind: 'timeout',
      what: 'the node list could not be changed',
      fix: 'Look at haven status, and try again',
    });
  }
}
