// What a Lambda may bundle: no YAML, no holiday calendar. The CLI and the rehearsal import those from their own files.

export type { Compiled, CompileOptions } from './compile.ts';
export { checkSchedules, compilePolicy } from './compile.ts';
export { readJson, toParameterText } from './limits.ts';
export type { Policy } from './policy.ts';
export { parsePolicy } from './policy.ts';
export type { Parsed, Problem } from './problem.ts';
export { compareProblems, formatProblem } from './problem.ts';
export type { Schedule } from './schedule.ts';
export { parseSchedule } from './schedule.ts';
