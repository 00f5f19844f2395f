// The scheduler: the CIB and the time in; placement, scores, actions and their reasons out. Pure; runs in a browser too.

export * from './model/index.ts';
