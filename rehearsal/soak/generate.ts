import type { Entry, SoakDocument } from './documents.ts';
import { Draw, duration, HOUR, offset } from './draw.ts';
import { FAULTS, type FaultDraw, type FaultKind } from './faults.ts';
import { drawFleet, type Fleet } from './fleet.ts';
import { drawAlarmHand } from './owners-alarms.ts';

const MINUTE = 60_000;

export interface GenerateOptions {
  /** Simulated days of the run. */
  readonly days: number;
}

export interface Generated {
  readonly document: SoakDocument;
  readonly durationMs: number;
  /** Which entries of `happens` are faults, and of which kind. */
  readonly faults: readonly { readonly kind: string; readonly index: number }[];
}

/** The scenario document of a seed: a small fleet, what its people do, and what goes wrong. */
export function generate(seed: number, { days }: GenerateOptions): Generated {
  const fleet = drawFleet(seed, days);
  const draw = new Draw(seed, 'faults');
  const context = contextOf(draw, fleet);
  const { start, durationMs, parameters, schedules, policies, endpoints, usage } = fleet;
  const happens: Entry[] = [...usage];
  const faults: { kind: string; index: number }[] = [];
  // Few faults show what one of them does, many show what they do together.
  for (let rest = draw.chance(0.5) ? draw.whole(1, 6) : draw.whole(6, 24); rest > 0; rest -= 1) {
    const fault: FaultKind = draw.weighted(FAULTS);
    for (const entry of fault.entries(context)) {
      faults.push({ kind: fault.kind, index: happens.length });
      happens.push(entry);
    }
  }
  for (const entry of drawDeployment(new Draw(seed, 'deployments'), fleet)) {
    faults.push({ kind: 'deployment', index: happens.length });
    happens.push(entry);
  }
  for (const entry of drawAlarmHands(new Draw(seed, 'alarm hands'), fleet)) {
    faults.push({ kind: 'hand: alarms', index: happens.length });
    happens.push(entry);
  }
  const head = { start, for: duration(durationMs), seed, region: 'eu-central-1' };
  return { document: { ...head, parameters, schedules, policies, endpoints, happens }, durationMs, faults };
}

/** One fleet in five sees the stack deployed in the middle, half of them with the mode changed for a while. */
function drawDeployment(draw: Draw, fleet: Fleet): readonly Entry[] {
  if (!draw.chance(0.2)) return [];
  const { at, spell } = contextOf(draw, fleet);
  const first = at();
  if (draw.chance(0.5)) return [{ at: offset(first), deploy: { LogLevel: 'DEBUG' } }];
  const until = first + spell(first, 6 * HOUR);
  return [
    { at: offset(first), deploy: { Mode: 'wake-only' } },
    { at: offset(until), deploy: { Mode: 'on' } },
  ];
}

/** Of owners with alarms of their own one in two has a hand in one of them. */
function drawAlarmHands(draw: Draw, fleet: Fleet): readonly Entry[] {
  if (fleet.owned.length === 0 || !draw.chance(0.5)) return [];
  const { at } = contextOf(draw, fleet);
  return drawAlarmHand(draw, draw.pick(fleet.owned), at());
}

function contextOf(draw: Draw, fleet: Fleet): FaultDraw {
  const { quietFrom, moments, members } = fleet;
  const near = moments.filter((moment) => moment < quietFrom - 10 * MINUTE);
  return {
    draw,
    fleet,
    at() {
      if (near.length === 0 || draw.chance(0.4)) return draw.seconds(0, Math.floor(quietFrom / 1_000) - 60);
      const at = draw.pick(near) + draw.seconds(-900, 1_800);
      return Math.max(0, Math.min(quietFrom - MINUTE, at));
    },
    spell(from, longest = Number.POSITIVE_INFINITY) {
      return Math.max(30_000, Math.min(draw.spell(), longest, quietFrom - from));
    },
    member: () => draw.pick(members),
  };
}
