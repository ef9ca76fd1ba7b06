import { countItem, type Recipe, weightItem } from '../../domain/recipe.ts';
import type { ScalableTarget } from '../../domain/scalable-target.ts';
import type { EndpointView, VariantView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import type { RecordChange, Work } from './ports.ts';
import { recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

type Outstanding = Recipe['outstanding'];
/** A step that was taken or has to be waited for; else all is done, and what AWS refused is named. */
type Restored = StepResult | { readonly outstanding: Outstanding };

/** Counts and weights of all variants, one call a run: AWS takes a change only while none is under way. */
export async function restoreSizes(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored> {
  const outstanding: { item: string; why: string }[] = [];
  for (const restorePart of [restoreCount, restoreWeight, restoreShadows]) {
    const part = await restorePart(work, view, recipe);
    if (part !== undefined && !('outstanding' in part)) return part;
    outstanding.push(...(part?.outstanding ?? []));
  }
  return { outstanding };
}

function instancesOf(name: string): ScalableTarget {
  return { name, dimension: 'instances' };
}

/** Instances that the rung in force or a demand asks for; without either, those that there were. */
function wantedCount({ ruling }: Work, recipe: Recipe): number {
  const before = recipe.variants[0]?.desired ?? 1;
  const wanted =
    ruling.bounds === undefined ? (ruling.desired ?? before) : Math.max(ruling.bounds.min, ruling.desired ?? 0);
  return Math.max(1, wanted);
}

async function restoreCount(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  const { session, ports, run } = work;
  const [variant] = view.variants;
  const wake = session.record.wake;
  // After a refused delete nothing was recreated: its count is as it was.
  if (wake === undefined || variant === undefined || view.variants.length > 1) return undefined;
  const wanted = wantedCount(work, recipe);
  // More than the rung's minimum is scaling's to release; without a rung the config's own start would stay for good.
  const isEnough =
    work.ruling.bounds === undefined && work.ruling.mayLower ? variant.desired === wanted : variant.desired >= wanted;
  if (isEnough) return undefined;
  const left = (why: string) => ({ outstanding: [{ item: countItem(variant.name, wanted), why }] });
  if (wake.countAskedAt !== undefined) return left(`it came back with ${variant.desired}`);
  const evidence = { variant: variant.name, from: variant.desired, to: wanted };
  const answer = await ports.endpoints.setDesired(view.name, instancesOf(variant.name), wanted);
  if (answer.ok) {
    const remembered = recordDecision(work, { decision: 'scale', reason: 'restore', evidence, acted: true });
    const asked: RecordChange = (record) =>
      record.wake ? { ...record, wake: { ...record.wake, countAskedAt: run.now } } : record;
    return { change: together(remembered, asked) };
  }
  const { failure } = answer;
  const refused = recordDecision(work, { decision: 'refuse', reason: 'call-refused', evidence, failure });
  return isPassing(failure) ? { failure, change: refused } : left(failure.message);
}

/** A call of its own: AWS takes weights or a count. It goes last, since only the count is waited for by anybody. */
async function restoreWeight(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  const { session, ports, run } = work;
  const [variant] = view.variants;
  const { wake } = session.record;
  if (wake === undefined || variant === undefined || view.variants.length > 1) return undefined;
  const wanted = recipe.variants.length === 1 ? recipe.variants[0]?.weight : undefined;
  // AWS keeps weights in single precision.
  if (wanted === undefined || Math.fround(wanted) === Math.fround(variant.weight)) return undefined;
  const left = (why: string) => ({ outstanding: [{ item: weightItem(variant.name, wanted), why }] });
  if (wake.weightAskedAt !== undefined) return left(`it came back with ${variant.weight}`);
  const evidence = { variant: variant.name, weight: wanted, before: variant.weight };
  const answer = await ports.endpoints.setWeight(view.name, variant.name, wanted);
  if (answer.ok) {
    const remembered = recordDecision(work, { decision: 'scale', reason: 'restore', evidence, acted: true });
    const asked: RecordChange = (record) =>
      record.wake ? { ...record, wake: { ...record.wake, weightAskedAt: run.now } } : record;
    return { change: together(remembered, asked) };
  }
  const { failure } = answer;
  const refused = recordDecision(work, { decision: 'refuse', reason: 'call-refused', evidence, failure });
  return isPassing(failure) ? { failure, change: refused } : left(failure.message);
}

/** A size of a shadow variant that is not as it was, and the call that brings it. */
interface Missed {
  readonly shadow: VariantView;
  readonly item: string;
  readonly was: number;
  readonly now: number;
  set(): ReturnType<Work['ports']['endpoints']['setDesired']>;
}

function missedOf({ ports }: Work, view: EndpointView, recipe: Recipe): readonly Missed[] {
  const { endpoints } = ports;
  // A fallback config may have no such shadow: then there is nothing to size.
  return (recipe.shadows ?? []).flatMap(({ name, desired, weight }) => {
    const shadow = view.shadows?.find((candidate) => candidate.name === name);
    if (shadow === undefined) return [];
    const count: Missed = {
      shadow,
      item: countItem(name, desired),
      was: desired,
      now: shadow.desired,
      set: () => endpoints.setDesired(view.name, instancesOf(name), desired),
    };
    const share: Missed = {
      shadow,
      item: weightItem(name, weight),
      was: weight,
      now: shadow.weight,
      set: () => endpoints.setWeight(view.name, name, weight),
    };
    return [count, share].filter(({ was, now }) => Math.fround(was) !== Math.fround(now));
  });
}

/** Shadow variants have no rungs: they come back as they were. */
async function restoreShadows(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  const { wake } = work.session.record;
  if (wake === undefined) return undefined;
  const asked = wake.shadowsAsked ?? [];
  const outstanding: { item: string; why: string }[] = [];
  for (const { shadow, item, was, now, set } of missedOf(work, view, recipe)) {
    if (asked.includes(item)) {
      outstanding.push({ item, why: `it came back with ${now}` });
      continue;
    }
    const evidence = { variant: shadow.name, from: now, to: was };
    const answer = await set();
    if (answer.ok) {
      const remembered = recordDecision(work, { decision: 'scale', reason: 'restore', evidence, acted: true });
      const noted: RecordChange = (record) =>
        record.wake
          ? { ...record, wake: { ...record.wake, shadowsAsked: [...(record.wake.shadowsAsked ?? []), item] } }
          : record;
      return { change: together(remembered, noted) };
    }
    const { failure } = answer;
    if (isPassing(failure)) {
      return {
        failure,
        change: recordDecision(work, { decision: 'refuse', reason: 'call-refused', evidence, failure }),
      };
    }
    outstanding.push({ item, why: failure.message });
  }
  return { outstanding };
}

/** Time alone may answer it; what may have been carried out is looked at again. */
export function isPassing({ class: kind, definite }: Failure): boolean {
  return !definite || kind === 'transient' || kind === 'in-progress';
}
