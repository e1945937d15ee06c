export type { CheckResult, Cost, Finding, Verdict } from './judge.ts';
export { judge } from './judge.ts';
export { type ColumnProfile, type Figures, type Profile, profileOf } from './profile.ts';
export { type ScoredObject, type ScoreRequest, scoreFigures, scoreObject } from './score-object.ts';
