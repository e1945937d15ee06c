export { type StatesService, type StatesServiceOptions, startStatesService } from './start-states-service.ts';
