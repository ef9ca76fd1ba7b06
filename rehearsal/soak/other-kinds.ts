import type { Entry } from './documents.ts';
import { type Draw, duration, offset } from './draw.ts';
import { type DrawnEndpoint, type SoakEndpoint, TYPES } from './members.ts';
import { drawRungs, drawTraffic, highestMax, queueAlarm, type Traffic, tracking } from './parts.ts';

/** One endpoint as a fleet takes it up. */
export interface Drawn {
  readonly member: SoakEndpoint;
  readonly policy: Entry;
  readonly endpoint: Entry;
  /** What its owner and its callers do. */
  readonly usage: readonly Entry[];
  readonly ends: readonly number[];
}

/** Which of an endpoint's components requests go to; an only one needs no name. */
const toComponent = ({ components, name }: SoakEndpoint, component: string): Entry =>
  components.length > 1 ? { to: name, component } : { to: name };

/** An endpoint whose models share instances: copies by calendar and demand, none while nobody asks. */
export function drawComponents(draw: Draw, durationMs: number, schedules: readonly string[]): Drawn {
  const components = draw.chance(0.5) ? ['Shared'] : ['llama', 'Embed-EU'];
  const alarm = draw.chance(0.25) ? 'Shared-queue-not-empty' : undefined;
  const drawn: DrawnEndpoint = {
    name: 'Shared',
    manner: 'components',
    instanceType: 'ml.g5.12xlarge',
    configs: [],
    alarm,
    variants: ['AllTraffic'],
    components,
  };
  // An instance that always stays forbids zero copies, and a policy that says otherwise.
  const staying: 0 | 1 = draw.chance(0.15) ? 1 : 0;
  // One instance has no room for everything that may be asked for.
  const crowded = draw.chance(0.15);
  const parts = components.map((name) => {
    const part = drawPart(draw, name, durationMs, schedules, staying);
    const { copies } = part.endpoint;
    return crowded ? { ...part, endpoint: { ...part.endpoint, copies: Math.min(1, Number(copies)) } } : part;
  });
  const otherwise = draw.weighted<{ readonly weight: number; readonly value: unknown }>([
    { weight: 3, value: { min: staying, max: draw.whole(1, 4) } },
    { weight: staying === 0 ? 3 : 0, value: 'zero' },
    { weight: 1, value: 'leave' },
    { weight: 1, value: { min: 1, max: 2 } },
  ]).value;
  const on = [...(draw.chance(0.85) ? ['request'] : []), ...(alarm === undefined ? [] : [`alarm:${alarm}`])];
  const shared = {
    otherwise,
    zero: { by: 'copies', idleFor: duration(draw.minutes(5, 30)) },
    wake: {
      ...(on.length === 0 ? {} : { on }),
      lead: draw.chance(0.7) ? 'learned' : duration(draw.minutes(5, 30)),
    },
    ...(draw.chance(0.2) ? { onDrift: draw.pick(['respect', 'announce']) } : {}),
  };
  const [only] = parts;
  const policy =
    parts.length === 1
      ? { ...only!.policy, ...shared }
      : { components: Object.fromEntries(parts.map((part) => [part.name, part.policy])), ...shared };
  // Of the first, which is the one that hands and limits are laid on.
  const most = highestMax({ ...only!.policy, otherwise });
  const member = { ...drawn, policy: 'shared-policy', most };
  const endpoint = {
    kind: 'components',
    policy: member.policy,
    instanceType: member.instanceType,
    instances: { min: staying, max: crowded ? 1 : 4 },
    deletesIn: duration(draw.minutes(1, 4)),
    ...(parts.length === 1
      ? only!.endpoint
      : {
          startsIn: duration(draw.minutes(3, 8)),
          components: Object.fromEntries(parts.map((part) => [part.name, part.endpoint])),
        }),
  };
  const ends = parts.flatMap((part) => part.traffic.ends);
  return { member, policy, endpoint, usage: askedOf(draw, member, durationMs), ends };
}

interface DrawnPart {
  readonly name: string;
  readonly policy: Entry;
  readonly endpoint: Entry;
  readonly traffic: Traffic;
}

function drawPart(
  draw: Draw,
  name: string,
  durationMs: number,
  schedules: readonly string[],
  lowest: 0 | 1,
): DrawnPart {
  const traffic = drawTraffic(draw, durationMs, 30);
  const metric = draw.pick(['ConcurrentRequestsPerCopy', 'InvocationsPerCopy']);
  const rungs = drawRungs(draw, schedules, lowest).filter((rung) => lowest === 0 || rung['min'] !== 0);
  return {
    name,
    traffic,
    policy: { capacity: rungs, ...(draw.chance(0.4) ? { scaling: [tracking(draw, metric)] } : {}) },
    endpoint: {
      copies: draw.whole(lowest, 2),
      accelerators: draw.whole(1, 2),
      startsIn: duration(draw.minutes(2, 8)),
      serves: { concurrent: draw.whole(1, 8), in: duration(draw.whole(1, 20) * 100) },
      whenAway: draw.pick(['lost', 'asks', 'retries']),
      traffic: traffic.stretches,
    },
  };
}

/** An endpoint that SageMaker runs without instances of one's own: provisioned concurrency by calendar and use. */
export function drawServerless(draw: Draw, durationMs: number, schedules: readonly string[]): Drawn {
  const traffic = drawTraffic(draw, durationMs, 300);
  const min = draw.whole(1, 3);
  const utilisation = {
    ...tracking(draw, 'ServerlessProvisionedConcurrencyUtilization'),
    target: draw.pick([0.5, 0.7, 0.9]),
  };
  const policy = {
    capacity: drawRungs(draw, schedules, 1).map((rung) => ({ ...rung, max: Number(rung['max']) + draw.whole(0, 8) })),
    otherwise: draw.chance(0.15) ? 'leave' : { min, max: min + draw.whole(0, 4) },
    ...(draw.chance(0.6) ? { scaling: [utilisation] } : {}),
    wake: { lead: draw.chance(0.7) ? 'learned' : duration(draw.minutes(5, 30)) },
    ...(draw.chance(0.2) ? { onDrift: draw.pick(['respect', 'announce']) } : {}),
  };
  const member: SoakEndpoint = {
    name: 'Classify',
    manner: 'serverless',
    policy: 'classify-policy',
    // It has no instances; a shortage of any type leaves it alone.
    instanceType: draw.pick(TYPES),
    most: highestMax(policy),
    configs: [],
    alarm: undefined,
    variants: ['AllTraffic'],
    components: [],
  };
  const endpoint = {
    kind: 'serverless',
    policy: member.policy,
    memoryMb: draw.whole(1, 6) * 1_024,
    maxConcurrency: 20,
    ...(draw.chance(0.7) ? { provisionedConcurrency: draw.whole(1, 4) } : {}),
    startsIn: duration(draw.minutes(1, 5)),
    coldStart: duration(draw.seconds(2, 20)),
    serves: { concurrent: 1, in: duration(draw.whole(1, 20) * 100) },
    traffic: traffic.stretches,
  };
  return { member, policy, endpoint, usage: askedOf(draw, member, durationMs), ends: traffic.ends };
}

/** Requests, holds, wake requests and the team's alarm. */
function askedOf(draw: Draw, member: SoakEndpoint, durationMs: number): Entry[] {
  const { name, components, alarm } = member;
  const usage: Entry[] = [];
  const at = (): number => draw.minutes(10, Math.floor((durationMs - 3_600_000) / 60_000));
  const many = (share: number, most: number): number => (draw.chance(share) ? draw.whole(1, most) : 0);
  if (alarm !== undefined) usage.push({ at: '+0h', call: 'CloudWatch.PutMetricAlarm', with: queueAlarm(alarm) });
  for (let n = many(0.6, 4); n > 0; n -= 1) {
    const to = components.length === 0 ? { to: name } : toComponent(member, draw.pick(components));
    usage.push({ at: offset(at()), requests: draw.whole(1, 40), ...to });
  }
  for (let n = many(0.3, 2); n > 0; n -= 1) {
    const from = at();
    const until = offset(from + draw.minutes(10, 600));
    usage.push({ at: offset(from), hold: name, mode: draw.pick(['up', 'down', 'hands-off']), until, why: 'soak' });
    if (draw.chance(0.3)) usage.push({ at: offset(from + draw.minutes(1, 60)), unhold: name });
  }
  for (let n = components.length === 0 ? 0 : many(0.4, 3); n > 0; n -= 1) {
    const Detail = JSON.stringify({ endpoint: name, by: 'a person', why: 'soak' });
    const Entries = [{ Source: 'endpoint-scaler.request', DetailType: 'Wake Requested', Detail }];
    usage.push({ at: offset(at()), call: 'EventBridge.PutEvents', with: { Entries } });
  }
  if (alarm !== undefined) {
    const from = at();
    const state = (StateValue: string): Entry => ({ AlarmName: alarm, StateValue, StateReason: 'soak' });
    usage.push({ at: offset(from), call: 'CloudWatch.SetAlarmState', with: state('ALARM') });
    const until = Math.min(durationMs - 1_800_000, from + draw.minutes(5, 180));
    usage.push({ at: offset(until), call: 'CloudWatch.SetAlarmState', with: state('OK') });
  }
  return usage;
}
