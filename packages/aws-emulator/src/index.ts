export { describeWithMiniStack } from './describe-with-ministack.ts';
export { type MiniStack, type RolePermission, startMiniStack } from './ministack.ts';
