import type { AlarmAction } from '../cloudwatch/alarm.ts';
import { PRIORITY } from '../contract.ts';
import { requestCapacity } from './capacity-control.ts';
import type { ScalableTarget, ScalingPolicy, StepScalingPolicy, TargetTrackingPolicy } from './model.ts';
import type { ResourceView } from './resources.ts';
import type { AutoScalingState } from './state.ts';
import { DEFAULT_COOLDOWN_SECONDS, stepCapacity } from './step-scaling.ts';
import { proportionalCapacity } from './target-tracking.ts';

interface Trigger {
  readonly policy: ScalingPolicy;
  readonly action: AlarmAction;
}

interface Proposal {
  readonly capacity: number;
  readonly trigger: Trigger;
}

function causeOf({ policy, action }: Trigger): string {
  return `monitor alarm ${action.alarmName} in state ${action.state} triggered policy ${policy.name}`;
}

function seconds(value: number | undefined): number {
  return (value ?? DEFAULT_COOLDOWN_SECONDS) * 1000;
}

/** Turns alarm actions into changes of capacity: the largest capacity that a policy asks for wins, within the bounds. */
export class ScalingEngine {
  readonly #state: AutoScalingState;
  readonly #triggers = new Map<ScalableTarget, Trigger[]>();

  constructor(state: AutoScalingState) {
    this.#state = state;
  }

  /** All alarms of one instant are weighed together. */
  trigger(policyArn: string, action: AlarmAction): void {
    const found = this.#state.findPolicy(policyArn);
    if (!found) return;
    const { target, policy } = found;
    const waiting = this.#triggers.get(target);
    if (waiting) {
      waiting.push({ policy, action });
      return;
    }
    this.#triggers.set(target, [{ policy, action }]);
    const { clock } = this.#state.kernel;
    clock.at(clock.now(), PRIORITY.scaling, () => {
      const triggers = this.#triggers.get(target) ?? [];
      this.#triggers.delete(target);
      // Both may have been deleted at the same instant.
      if (this.#state.targets.has(target)) {
        this.#scale(
          target,
          triggers.filter(({ policy: p }) => target.policies.get(p.name) === p),
        );
      }
    });
  }

  #scale(target: ScalableTarget, triggers: readonly Trigger[]): void {
    const [first] = triggers;
    if (!first) return;
    const looked = this.#state.look(target);
    if (!('view' in looked)) {
      this.#state.activities.addNotScaled(target, causeOf(first), {
        Code: 'TargetServicePutResourceAsUnscalable',
      });
      return;
    }
    const out = triggers.flatMap((trigger) => this.#proposeOut(target, looked.view, trigger));
    if (out.length > 0) {
      if (!target.suspended.DynamicScalingOutSuspended) this.#scaleOut(target, looked.view, pickLargest(out));
      return;
    }
    const inward = triggers.flatMap((trigger) => this.#proposeIn(target, looked.view, trigger));
    if (inward.length > 0 && !target.suspended.DynamicScalingInSuspended)
      this.#scaleIn(target, looked.view, pickLargest(inward));
  }

  #scaleOut(target: ScalableTarget, view: ResourceView, { capacity, trigger }: Proposal): void {
    const to = Math.min(capacity, target.max);
    if (to <= view.desired) {
      this.#state.activities.addNotScaled(target, causeOf(trigger), {
        Code: 'AlreadyAtMaxCapacity',
        MaxCapacity: target.max,
        CurrentCapacity: view.desired,
      });
      return;
    }
    requestCapacity(this.#state, target, view.desired, to, causeOf(trigger), true);
  }

  #scaleIn(target: ScalableTarget, view: ResourceView, { capacity, trigger }: Proposal): void {
    const to = Math.max(capacity, target.min);
    if (to >= view.desired) {
      this.#state.activities.addNotScaled(target, causeOf(trigger), {
        Code: 'AlreadyAtMinCapacity',
        MinCapacity: target.min,
        CurrentCapacity: view.desired,
      });
      return;
    }
    requestCapacity(this.#state, target, view.desired, to, causeOf(trigger), true);
  }

  /**
   * While a scale-out cools down, capacity is counted from before it: what it added is part of the next scale-out, so only
   * a larger one goes beyond it (Application Auto Scaling guide, target tracking and step scaling, cooldown).
   */
  #baseForOut(target: ScalableTarget, view: ResourceView, cooldownMs: number): number {
    const { lastOut } = target;
    return lastOut && this.#state.now < lastOut.at + cooldownMs ? Math.min(lastOut.base, view.desired) : view.desired;
  }

  #proposeOut(target: ScalableTarget, view: ResourceView, trigger: Trigger): Proposal[] {
    const capacity =
      trigger.policy.type === 'StepScaling'
        ? this.#stepOut(target, view, trigger.policy, trigger.action)
        : this.#trackOut(target, view, trigger.policy, trigger.action);
    return capacity !== undefined && capacity > view.desired ? [{ capacity, trigger }] : [];
  }

  #stepOut(
    target: ScalableTarget,
    view: ResourceView,
    policy: StepScalingPolicy,
    action: AlarmAction,
  ): number | undefined {
    if (action.value === undefined) return undefined;
    const base = this.#baseForOut(target, view, seconds(policy.configuration.Cooldown));
    return stepCapacity(policy.configuration, base, action.value - action.threshold);
  }

  #trackOut(
    target: ScalableTarget,
    view: ResourceView,
    policy: TargetTrackingPolicy,
    action: AlarmAction,
  ): number | undefined {
    // A share of nothing is nothing: target tracking cannot leave zero.
    if (action.alarmName !== policy.highAlarm || action.value === undefined || view.desired === 0) return undefined;
    const base = this.#baseForOut(target, view, seconds(policy.configuration.ScaleOutCooldown));
    return proportionalCapacity(base, action.value, policy.configuration.TargetValue);
  }

  #proposeIn(target: ScalableTarget, view: ResourceView, trigger: Trigger): Proposal[] {
    const { policy, action } = trigger;
    const cooldown =
      policy.type === 'StepScaling' ? policy.configuration.Cooldown : policy.configuration.ScaleInCooldown;
    if (target.lastIn && this.#state.now < target.lastIn.at + seconds(cooldown)) return [];
    if (policy.type === 'TargetTrackingScaling') {
      const capacity = action.alarmName === policy.lowAlarm ? this.#agreeOnScaleIn(target, view) : undefined;
      return capacity !== undefined && capacity < view.desired ? [{ capacity, trigger }] : [];
    }
    if (action.value === undefined) return [];
    const capacity = stepCapacity(policy.configuration, view.desired, action.value - action.threshold);
    return capacity !== undefined && capacity < view.desired ? [{ capacity, trigger }] : [];
  }

  /**
   * Scale-in needs every target tracking policy that may scale in to be ready for it; the largest capacity wins. What is
   * needed is judged by the highest datapoint of the alarm's window, so that no load of the last 15 minutes is forgotten.
   */
  #agreeOnScaleIn(target: ScalableTarget, view: ResourceView): number | undefined {
    let largest = 0;
    for (const policy of target.policies.values()) {
      if (policy.type !== 'TargetTrackingScaling' || policy.lowAlarm === undefined) continue;
      const alarm = this.#state.cloudwatch.alarms.alarms.get(policy.lowAlarm);
      if (alarm?.state.value !== 'ALARM' || alarm.lastPeak === undefined) return undefined;
      largest = Math.max(largest, proportionalCapacity(view.desired, alarm.lastPeak, policy.configuration.TargetValue));
    }
    return largest;
  }
}

function pickLargest(proposals: readonly Proposal[]): Proposal {
  return proposals.reduce((best, proposal) => (proposal.capacity > best.capacity ? proposal : best));
}
