export * from './counts.ts';
export * from './http-event.ts';
export * from './kinesis-event.ts';
export * from './manifest.ts';
export * from './object-created-event.ts';
export * from './quality.ts';
export * from './run.ts';
export * from './steps.ts';
