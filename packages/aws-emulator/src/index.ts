export { describeWithMiniStack } from './describe-with-ministack.ts';
export { type MiniStack, startMiniStack } from './ministack.ts';
