// The API of a node, and its client.
export { ApiClient, type PeerTarget } from './client.ts';
export { killTestRefusal } from './kill-test.ts';
export { apiOf, listenOnSocket } from './server.ts';
export * from './types.ts';
export { type DocumentView, documentView } from './view.ts';
