import { type EpochMs, PRIORITY, type Timer } from './contract.ts';
import type { SimulatorKernel } from './kernel.ts';
import type { Recurrence } from './schedule-expression.ts';

export interface ScheduleDefinition {
  readonly name: string;
  readonly arn: string;
  readonly recurrence: Recurrence;
  /** What it was parsed from, with its zone. */
  readonly expression: string;
  readonly enabled: boolean;
  readonly startAt: EpochMs | undefined;
  readonly endAt: EpochMs | undefined;
  /** Length of the flexible time window; 0: off. */
  readonly flexibleMs: number;
  readonly input: string | undefined;
  readonly targetArn: string;
}

function isoSeconds(at: EpochMs): string {
  return `${new Date(at).toISOString().slice(0, 19)}Z`;
}

/** EventBridge Scheduler: fires schedules and hands their input to the target. */
export class Scheduler {
  readonly #kernel: SimulatorKernel;
  readonly #deliver: (arn: string, payload: string) => void;
  readonly #schedules = new Map<string, ScheduleDefinition>();
  readonly #timers = new Map<string, Timer>();

  constructor(kernel: SimulatorKernel, deliver: (arn: string, payload: string) => void) {
    this.#kernel = kernel;
    this.#deliver = deliver;
  }

  add(schedule: ScheduleDefinition): void {
    this.#schedules.set(schedule.arn, schedule);
    if (!schedule.enabled) return;
    const from = schedule.startAt ?? this.#kernel.clock.now();
    this.#plan(schedule, Math.max(from, this.#kernel.clock.now()) - 1);
  }

  remove(arn: string): void {
    this.#schedules.delete(arn);
    this.#timers.get(arn)?.cancel();
    this.#timers.delete(arn);
  }

  /** The event that a schedule of this target would send now; undefined: it has none. */
  eventFor(targetArn: string): string | undefined {
    const schedule = [...this.#schedules.values()].find((candidate) => candidate.targetArn === targetArn);
    return schedule && this.#payload(schedule, this.#kernel.clock.now());
  }

  #plan(schedule: ScheduleDefinition, after: EpochMs): void {
    const at = schedule.recurrence.next(after);
    // EndDate does not apply to one-time schedules.
    if (at === undefined || (schedule.endAt !== undefined && schedule.recurrence.kind !== 'at' && at >= schedule.endAt))
      return;
    const timer = this.#kernel.clock.at(at, PRIORITY.schedules, () => {
      this.#fire(schedule, at);
      this.#plan(schedule, at);
    });
    this.#timers.set(schedule.arn, timer);
  }

  #fire(schedule: ScheduleDefinition, at: EpochMs): void {
    const plan = this.#kernel.faults.planDelivery({ tick: true, detailType: '' }, at);
    const spread =
      schedule.flexibleMs === 0
        ? 0
        : Math.floor(this.#kernel.random(`scheduler:${schedule.arn}`)() * schedule.flexibleMs);
    for (let copy = 0; copy < plan.copies; copy += 1) {
      const payload = plan.alter(this.#payload(schedule, at));
      this.#kernel.clock.at(at + spread + plan.delayMs(), PRIORITY.delivery, () =>
        this.#deliver(schedule.targetArn, payload),
      );
    }
  }

  #payload(schedule: ScheduleDefinition, at: EpochMs): string {
    const executionId = this.#kernel.uuid('scheduler');
    if (schedule.input === undefined) {
      return JSON.stringify({
        version: '0',
        id: executionId,
        'detail-type': 'Scheduled Event',
        source: 'aws.scheduler',
        account: this.#kernel.accountId,
        time: isoSeconds(at),
        region: this.#kernel.region,
        resources: [schedule.arn],
        detail: '{}',
      });
    }
    return schedule.input
      .replaceAll('<aws.scheduler.schedule-arn>', schedule.arn)
      .replaceAll('<aws.scheduler.scheduled-time>', isoSeconds(at))
      .replaceAll('<aws.scheduler.execution-id>', executionId)
      .replaceAll('<aws.scheduler.attempt-number>', '1');
  }
}
