export type { CheckResult, Cost, Finding, Verdict } from './judge.ts';
export { judge } from './judge.ts';
export type { ColumnProfile, Profile } from './profile.ts';
export { type ScoredObject, type ScoreRequest, scoreObject } from './score-object.ts';
