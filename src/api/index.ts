// The API of a node, and its client.
export { ApiClient, type PeerTarget } from './client.ts';
export { clockInstant, currentDocument } from './foresight/current.ts';
export { type Forecast, forecastOf, type Step, withLostNodes } from './foresight/forecast.ts';
export type { SimulateRequest } from './foresight/foresight.ts';
export { explanation, type Reasons, reasonsFor } from './foresight/reasons.ts';
export { unknownName } from './foresight/unknown-name.ts';
export { killTestRefusal } from './kill-test.ts';
export { apiOf, listenOnSocket } from './server.ts';
export * from './types.ts';
export { type DocumentView, documentView, twoNodes } from './view.ts';
