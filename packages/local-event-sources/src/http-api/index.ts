export type { LocalHttpEvent } from './event.ts';
export { type HttpApi, type HttpApiHandler, type HttpApiOptions, startHttpApi } from './start-http-api.ts';
