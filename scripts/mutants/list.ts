/** A plausible mistake in the product, and the invariant that has to notice it. */
export interface Mutant {
  readonly invariant: number;
  readonly why: string;
  readonly file: string;
  /** Occurs once in the file. */
  readonly find: string;
  readonly replace: string;
  /** A test that has to notice it, for what a soak's single orders of calls seldom meet. */
  readonly test?: string;
}

const CONSIDER_PARK = 'shared/use-cases/idle-windows/consider-park.ts';
const SNAPSHOTS = 'shared/aws/scaling-snapshots.ts';
const PLAN = 'shared/domain/plan-capacity.ts';
const ACTIVITY = 'shared/domain/activity.ts';
const CARRY_OUT = 'shared/use-cases/scheduled-scaling/carry-out.ts';
const ALARM_ACTIONS = 'shared/domain/alarm-actions.ts';
const LET_GO = 'shared/use-cases/scheduled-scaling/let-go.ts';

export const MUTANTS: readonly Mutant[] = [
  {
    invariant: 1,
    why: 'no datapoint is taken for no use',
    file: ACTIVITY,
    find: "  if (seen.missing > 0) return { verdict: 'unknown', evidence: facts, idleAt: now + UNKNOWN_AGAIN };\n",
    replace: '',
  },
  {
    invariant: 1,
    why: 'a few requests are taken for health checks',
    file: ACTIVITY,
    find: 'at >= from && value > 0).map',
    replace: 'at >= from && value > 5).map',
  },
  {
    invariant: 1,
    why: 'a hold is compared with the wrong end',
    file: 'shared/domain/decide-ruling.ts',
    find: 'hold.from - MINUTE <= now && now < hold.until ? hold',
    replace: 'hold.from - MINUTE <= now && now < hold.from ? hold',
  },
  {
    invariant: 1,
    why: 'what was written is taken for what was read back',
    file: 'shared/use-cases/idle-windows/snapshot.ts',
    find: 'const read = await ports.fleet.readRecipe(record.endpoint, version);',
    replace: 'const read = recipe;',
  },
  {
    invariant: 1,
    why: 'a component is used by those that find no copy',
    file: ACTIVITY,
    find: '...lastActive([invocations, concurrency, failures], from),',
    replace: '...lastActive([failures], from),',
  },
  {
    invariant: 2,
    why: 'alarms of the owner outlive their policy, and are left as they are',
    file: SNAPSHOTS,
    find: 'return lacking(rewired, actual).map((alarm) => ({',
    replace: 'return lacking([], actual).map((alarm) => ({',
  },
  {
    invariant: 2,
    why: 'scaling policies are left to scheduled-scaling, which knows only its own',
    file: SNAPSHOTS,
    find: 'of lacking(wanted.policies, actual?.policies.map(policyView))) {',
    replace: 'of lacking([], actual?.policies.map(policyView))) {',
  },
  {
    invariant: 2,
    why: 'only our own tag is sent with the create call',
    file: 'shared/use-cases/idle-windows/wake.ts',
    find: '...Object.fromEntries(sendableTags(recipe.tags, tagPrefix)),',
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code that is put into a file
    replace: "[`${tagPrefix}:policy`]: recipe.tags[`${tagPrefix}:policy`] ?? '',",
  },
  {
    invariant: 3,
    why: 'a minimum is left to scaling to keep',
    file: PLAN,
    find: 'return { min: Math.max(least, ruling.bounds.min), max',
    replace: 'return { min: least, max',
  },
  {
    invariant: 3,
    why: 'a drain waits for scaling for good',
    file: PLAN,
    find: "  if (now - since >= waitsAtMost) return { max, reason: 'drain-forced', drain: { since, max } };\n",
    replace: '',
  },
  {
    invariant: 3,
    why: 'a maximum of provisioned concurrency drains as one of instances does',
    file: PLAN,
    find: "if (desired <= max || kind === 'serverless') return",
    replace: 'if (desired <= max) return',
  },
  {
    invariant: 4,
    why: 'copies that a hold took come back when somebody asks, not with its end',
    file: PLAN,
    find: '  if (wanted > desired)\n    return { desired: wanted,',
    replace:
      "  if (wanted > desired && kind === 'components' && desired === 0) return {};\n  if (wanted > desired)\n    return { desired: wanted,",
  },
  {
    invariant: 4,
    why: 'a serverless variant is raised by its bounds, which none without provisioned concurrency takes',
    file: PLAN,
    find: "  if (input.kind === 'serverless') return { desired: bounds.min, reason: input.ruling.reason };\n",
    replace: '',
  },
  {
    invariant: 4,
    why: 'waits between attempts of a wake double without an end that helps',
    file: 'shared/domain/wake-ladder.ts',
    find: 'const LONGEST_WAIT = 15 * MINUTE;',
    replace: 'const LONGEST_WAIT = 900 * MINUTE;',
  },
  {
    invariant: 4,
    why: 'a parked endpoint is looked at when somebody asks, not when its window comes',
    file: 'shared/use-cases/idle-windows/work-on-endpoint.ts',
    find: "return forced || ruling.want === 'up' || dailyCheckAt(record) <= run.now;",
    replace: 'return forced || dailyCheckAt(record) <= run.now;',
  },
  {
    invariant: 4,
    why: 'a later look is put over what somebody asked for meanwhile',
    file: 'shared/domain/next-at.ts',
    find: '(found[of] === read[of] ? put[of] : Math.min(found[of], put[of]))',
    replace: 'put[of]',
    test: 'test/contract/asked-meanwhile.test.ts',
  },
  {
    invariant: 5,
    why: 'the minimum time up is compared the wrong way round',
    file: CONSIDER_PARK,
    find: 'if (upUntil > now) {',
    replace: 'if (upUntil < 0) {',
  },
  {
    invariant: 5,
    why: 'the minimum time up is counted from the creation',
    file: 'shared/use-cases/idle-windows/before-park.ts',
    find: 'return known ?? Math.min(now, Math.max(view.creationTime, view.lastModifiedTime));',
    replace: 'return known === undefined ? view.creationTime : Math.min(known, now, view.creationTime);',
  },
  {
    invariant: 6,
    why: 'a create call is sent again while the endpoint it made starts',
    file: 'shared/domain/phases.ts',
    find: '  waking: {\n    ...IN_PROGRESS,\n',
    replace: "  waking: {\n    ...IN_PROGRESS,\n    Creating: always('create'),\n",
  },
  {
    invariant: 6,
    why: 'the last write wins: no lease and no generation fences a second run',
    file: 'shared/use-cases/idle-windows/session.ts',
    find: '    if (held) return fresh.lease?.holder === run.holder;\n    return isFree(fresh) && fresh.phase === record.phase && fresh.generation === record.generation;\n',
    replace: '    return fresh.endpoint === record.endpoint;\n',
    test: 'test/simulation/interleavings.test.ts',
  },
  {
    invariant: 7,
    why: 'a backlog smaller than an instance takes is none',
    file: PLAN,
    find: 'const needed = perInstance === undefined ? 1 : Math.ceil(backlog / perInstance);\n  return Math.max(0, Math.min(max, Math.max(1, min, needed)));',
    replace:
      'const needed = perInstance === undefined ? 1 : Math.floor(backlog / perInstance);\n  return Math.max(0, Math.min(max, Math.max(min, needed)));',
  },
  {
    invariant: 7,
    why: 'what no alarm tells of at zero is looked at and left to the alarm',
    file: 'shared/use-cases/scheduled-scaling/queues.ts',
    find: '  turn.backlogSince ??= since;\n  turn.due = true;\n',
    replace: '',
  },
  {
    invariant: 8,
    why: 'broken documents raise and lower alike',
    file: 'shared/domain/decide-ruling.ts',
    find: 'if (input.protected || input.invalid || input.policy === undefined) return false;',
    replace: 'if (input.protected || input.policy === undefined) return false;',
  },
  {
    invariant: 8,
    why: 'a queue without datapoints is taken for an empty one',
    file: ACTIVITY,
    find: 'const missing = missingMinutes(usage.size, window);',
    replace: 'const missing = 0;',
  },
  {
    invariant: 9,
    why: 'the line of a change is written with the next decision',
    file: CARRY_OUT,
    find: '    recordAction(ports, run, turn, finding);\n    told = true;\n',
    replace: '    told = true;\n',
  },
  {
    invariant: 9,
    why: 'what a dead run intended is looked at while it could still live, and never after',
    file: CARRY_OUT,
    find: 'if (intent === undefined || run.now <= intent.until) return;',
    replace: 'if (intent === undefined || run.now >= intent.until) return;',
  },
  {
    invariant: 10,
    why: 'an alarm of the owner comes back as it was saved, whatever he made of it since',
    file: ALARM_ACTIONS,
    find: 'if (actual === undefined) return wanted;',
    replace: 'if (actual !== null) return wanted;',
  },
  {
    invariant: 10,
    why: 'a target is deregistered whoever made it',
    file: LET_GO,
    find: 'if (!madeByUs || ours.length < policies.value.length) return resume(',
    replace: 'if (ours.length < policies.value.length) return resume(',
  },
  {
    invariant: 10,
    why: 'all scaling policies go with the tag',
    file: LET_GO,
    // biome-ignore lint/suspicious/noTemplateCurlyInString: code as it stands in a file
    find: 'policies.value.filter(({ name }) => name.startsWith(`${tagPrefix}-`));',
    replace: 'policies.value;',
  },
];
