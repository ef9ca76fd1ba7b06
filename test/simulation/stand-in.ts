/** Products that misbehave on purpose, on the real template and simulated AWS: what a checker of invariants must see. */
import { readFileSync } from 'node:fs';
import type { Code, FunctionCode } from '../../rehearsal/functions.ts';
import { parseScenario, type Rehearsal, type RehearseOptions, rehearse } from '../../rehearsal/index.ts';
import { formatProblem } from '../../shared/documents/problem.ts';
import type { World } from '../../shared/runtime/contract.ts';

export type Tick = (world: World, event: unknown) => Promise<void>;

const SUMMARY = { function: '', trigger: '', considered: 0, skipped: 0, decisions: {}, failures: 0 };

function code(name: FunctionCode['name'], tick: Tick): FunctionCode {
  return {
    name,
    start: (world) => async (event) => {
      await tick(world, event);
      return SUMMARY;
    },
  };
}

const nothing: Tick = async () => {};

export function standIn(ticks: {
  readonly scheduledScaling?: Tick;
  readonly backlogWake?: Tick;
  readonly idleWindows?: Tick;
}): Code {
  return {
    ScheduledScaling: code('scheduled-scaling', ticks.scheduledScaling ?? nothing),
    BacklogWake: code('backlog-wake', ticks.backlogWake ?? nothing),
    IdleWindows: code('idle-windows', ticks.idleWindows ?? nothing),
  };
}

export async function run(text: string, options: RehearseOptions = {}): Promise<Rehearsal> {
  const parsed = parseScenario(text, 'scenario.yaml', (path) => readFileSync(path, 'utf8'));
  if (!parsed.ok) throw new Error(parsed.problems.map(formatProblem).join('\n'));
  return rehearse(parsed.scenario, options);
}

/** A canonical line as the product writes it. */
export function decide(world: World, endpoint: string, decision: string, reason: string): void {
  world.logSink({
    level: 'INFO',
    message: `${endpoint}: ${decision}`,
    logType: 'decision',
    endpoint,
    decision,
    reason,
    evidence: {},
    acted: true,
  });
}

export const minutesIn = (world: World): number =>
  Math.round((world.clock.now() - Date.parse('2026-03-02T00:00:00Z')) / 60_000);

/** The tick of the Scheduler, not an event of the bus. */
export function isTick(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'kind' in event && event.kind === 'tick';
}
