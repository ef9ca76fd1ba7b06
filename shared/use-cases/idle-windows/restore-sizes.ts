import { countItem, type Recipe, weightItem } from '../../domain/recipe.ts';
import type { Ruling } from '../../domain/ruling.ts';
import type { ScalableTarget } from '../../domain/scalable-target.ts';
import { targetViews } from '../../domain/target-view.ts';
import type { EndpointView, VariantView } from '../../ports/endpoints.ts';
import type { Failure } from '../../ports/outcome.ts';
import { judgeAgain } from './consider-park.ts';
import type { RecordChange, Work } from './ports.ts';
import { recordDecision, together } from './report.ts';
import type { StepResult } from './step-result.ts';

type Outstanding = Recipe['outstanding'];
/** A step that was taken or has to be waited for; else all is done, and what AWS refused is named. */
type Restored = StepResult | { readonly outstanding: Outstanding };

/** Counts and weights of all variants, one call a run: AWS takes a change only while none is under way. */
export async function restoreSizes(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored> {
  const outstanding: { item: string; why: string }[] = [];
  for (const restorePart of [restoreCount, restoreWeight, restoreSeveral, restoreShadows]) {
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
function countBy({ bounds, desired }: Pick<Ruling, 'bounds' | 'desired'>, before: number): number {
  return Math.max(1, bounds === undefined ? (desired ?? before) : Math.max(bounds.min, desired ?? 0));
}

async function restoreCount(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  const { session, ports, run } = work;
  const [variant] = view.variants;
  const wake = session.record.wake;
  // After a refused delete nothing was recreated: its count is as it was.
  if (wake === undefined || variant === undefined || view.variants.length > 1) return undefined;
  const wanted = countBy(work.ruling, recipe.variants[0]?.desired ?? 1);
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
  const answer = await ports.endpoints.setWeights(view.name, { [variant.name]: wanted });
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

/** Sizes that are not as they are to be, and the one call that brings them. */
interface Missed {
  readonly variant: string;
  /** As they are named where they stay outstanding. */
  readonly items: readonly string[];
  readonly from: number | string;
  readonly to: number | string;
  set(): ReturnType<Work['ports']['endpoints']['setDesired']>;
}

const isWeight = (a: number, b: number): boolean => Math.fround(a) === Math.fround(b);

/** Shadow variants have no rungs: they come back as they were. */
function restoreShadows(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  const { endpoints } = work.ports;
  // A fallback config may have no such shadow: then there is nothing to size.
  const missed = (recipe.shadows ?? []).flatMap(({ name, desired, weight }): Missed[] => {
    const shadow = view.shadows?.find((candidate) => candidate.name === name);
    if (shadow === undefined) return [];
    const count: Missed = {
      variant: name,
      items: [countItem(name, desired)],
      from: shadow.desired,
      to: desired,
      set: () => endpoints.setDesired(view.name, instancesOf(name), desired),
    };
    const share: Missed = {
      variant: name,
      items: [weightItem(name, weight)],
      from: shadow.weight,
      to: weight,
      set: () => endpoints.setWeights(view.name, { [name]: weight }),
    };
    return [...(shadow.desired === desired ? [] : [count]), ...(isWeight(shadow.weight, weight) ? [] : [share])];
  });
  return restoreMissed(work, missed);
}

/** Each of several variants has its own rung and count; their weights come last, and together. */
async function restoreSeveral(work: Work, view: EndpointView, recipe: Recipe): Promise<Restored | undefined> {
  if (view.variants.length < 2) return undefined;
  const counts = view.variants.flatMap((variant) => missedCount(work, view, variant, recipe));
  return restoreMissed(work, [...counts, ...missedWeights(work, view, recipe)]);
}

function missedCount(work: Work, view: EndpointView, { name, desired }: VariantView, recipe: Recipe): Missed[] {
  const { record } = work.session;
  const known = targetViews(record).find(({ part }) => part?.name === name);
  const recipeDesired = recipe.variants.find((variant) => variant.name === name)?.desired ?? desired;
  const ruling = known === undefined ? undefined : judgeAgain(work, { recipeDesired }, known);
  const wanted = countBy(ruling ?? {}, recipeDesired);
  const isFree = ruling?.bounds === undefined && work.ruling.mayLower;
  if (isFree ? desired === wanted : desired >= wanted) return [];
  const set = () => work.ports.endpoints.setDesired(view.name, instancesOf(name), wanted);
  return [{ variant: name, items: [countItem(name, wanted)], from: desired, to: wanted, set }];
}

function missedWeights({ ports }: Work, view: EndpointView, recipe: Recipe): Missed[] {
  const both = view.variants.flatMap(({ name, weight: now }) => {
    const was = recipe.variants.find((variant) => variant.name === name)?.weight;
    return was === undefined ? [] : [{ name, now, was }];
  });
  if (both.every(({ now, was }) => isWeight(now, was))) return [];
  const weights = Object.fromEntries(both.map(({ name, was }) => [name, was]));
  const say = (of: 'now' | 'was') => both.map((one) => `${one.name} ${one[of]}`).join(', ');
  return [
    {
      variant: both.map(({ name }) => name).join(', '),
      items: both.map(({ name, was }) => weightItem(name, was)),
      from: say('now'),
      to: say('was'),
      set: () => ports.endpoints.setWeights(view.name, weights),
    },
  ];
}

/** One call a run, and each once an attempt. */
async function restoreMissed(work: Work, missed: readonly Missed[]): Promise<Restored | undefined> {
  const { wake } = work.session.record;
  if (wake === undefined) return undefined;
  const asked = wake.shadowsAsked ?? [];
  const outstanding: { item: string; why: string }[] = [];
  const leave = (items: readonly string[], why: string) => outstanding.push(...items.map((item) => ({ item, why })));
  for (const { variant, items, from, to, set } of missed) {
    if (items.every((item) => asked.includes(item))) {
      leave(items, `it came back with ${from}`);
      continue;
    }
    const evidence = { variant, from, to };
    const answer = await set();
    if (answer.ok) {
      const remembered = recordDecision(work, { decision: 'scale', reason: 'restore', evidence, acted: true });
      return { change: together(remembered, noteAsked(items)) };
    }
    const { failure } = answer;
    if (isPassing(failure)) {
      return {
        failure,
        change: recordDecision(work, { decision: 'refuse', reason: 'call-refused', evidence, failure }),
      };
    }
    leave(items, failure.message);
  }
  return { outstanding };
}

function noteAsked(items: readonly string[]): RecordChange {
  return (record) =>
    record.wake
      ? { ...record, wake: { ...record.wake, shadowsAsked: [...(record.wake.shadowsAsked ?? []), ...items] } }
      : record;
}

/** Time alone may answer it; what may have been carried out is looked at again. */
export function isPassing({ class: kind, definite }: Failure): boolean {
  return !definite || kind === 'transient' || kind === 'in-progress';
}
