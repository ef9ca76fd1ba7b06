// What a Lambda may bundle: no YAML, no holiday calendar. The CLI and the rehearsal import those from their own files.

export type { Compiled, CompileOptions, Schedules } from './compile.ts';
export { checkSchedules, compilePolicy } from './compile.ts';
export { ADVANCED_TIER_BYTES, NAME_PATTERN, readJson, STANDARD_TIER_BYTES, toParameterText } from './limits.ts';
export type { Policy, PolicyDocument } from './policy.ts';
export { parsePolicy } from './policy.ts';
export type { Parsed, Problem } from './problem.ts';
export { compareProblems, formatProblem } from './problem.ts';
export type { Schedule, ScheduleDocument } from './schedule.ts';
export { parseSchedule } from './schedule.ts';
