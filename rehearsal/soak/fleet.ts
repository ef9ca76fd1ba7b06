import type { Entry } from './documents.ts';
import { DAY, Draw, duration, HOUR, offset } from './draw.ts';
import { type DrawnEndpoint, type Manner, type SoakEndpoint, TYPES, targetOf } from './members.ts';
import { type Drawn, drawComponents, drawServerless } from './other-kinds.ts';
import { drawOwnersAlarms } from './owners-alarms.ts';
import { drawRungs, drawTraffic, highestMax, queueAlarm, type Traffic, tracking } from './parts.ts';

const MINUTE = 60_000;

/** Nights on which clocks change, their evenings before, and days on which nothing does. */
const PLACES: readonly { readonly zone: string; readonly days: readonly string[] }[] = [
  { zone: 'Europe/Berlin', days: ['2026-03-28', '2026-03-29', '2026-10-24', '2026-10-25', '2026-11-25'] },
  { zone: 'America/New_York', days: ['2026-03-07', '2026-03-08', '2026-10-31', '2026-11-01', '2026-07-03'] },
  { zone: 'Australia/Lord_Howe', days: ['2026-04-04', '2026-04-05', '2026-10-03', '2026-10-04'] },
  { zone: 'Australia/Sydney', days: ['2026-04-04', '2026-10-03', '2026-12-31'] },
  { zone: 'America/Sao_Paulo', days: ['2026-02-27', '2026-06-15'] },
  { zone: 'Asia/Kolkata', days: ['2026-01-25', '2026-08-14'] },
  { zone: 'Pacific/Kiritimati', days: ['2026-12-30', '2026-05-05'] },
  { zone: 'UTC', days: ['2026-02-27', '2026-12-31'] },
];

const NAMES = ['chat', 'Rank-EU', 'translate', 'Vision2', 'transcribe'] as const;

/** A fleet with everything that people who run it do on an ordinary day: what faults are thrown at. */
export interface Fleet {
  readonly start: string;
  readonly durationMs: number;
  /** Nobody disturbs it from then on: until the end it has to come to rest. */
  readonly quietFrom: number;
  /** Of the stack. */
  readonly parameters: Readonly<Record<string, number>>;
  readonly schedules: Readonly<Record<string, Entry>>;
  readonly policies: Readonly<Record<string, Entry>>;
  readonly endpoints: Readonly<Record<string, Entry>>;
  readonly members: readonly SoakEndpoint[];
  /** Those whose owner has alarms of his own. */
  readonly owned: readonly SoakEndpoint[];
  /** What owners and callers do; not faults. */
  readonly usage: readonly Entry[];
  /** Offsets near which something is likely to happen by itself: ends of traffic, idle times, edges of calendars. */
  readonly moments: readonly number[];
}

const clock = (minutes: number): string =>
  `${String(Math.floor(minutes / 60)).padStart(2, '0')}:${String(minutes % 60).padStart(2, '0')}`;

function drawSchedule(draw: Draw, zone: string, day: string): Entry {
  const windows = Array.from({ length: draw.whole(1, 2) }, () => {
    const from = draw.whole(0, 95) * 15;
    const length = draw.whole(2, 56) * 15;
    const days = draw.pick([undefined, undefined, 'mon-fri', 'sat', 'fri-mon', 'sun']);
    return { ...(days === undefined ? {} : { days }), from: clock(from), to: clock((from + length) % 1440) };
  });
  const next = new Date(Date.parse(`${day}T00:00:00Z`) + draw.whole(0, 2) * DAY).toISOString().slice(0, 10);
  const hour = draw.whole(0, 20);
  return {
    timezone: zone,
    open: windows.filter(({ from, to }) => from !== to),
    ...(draw.chance(0.15) ? { closed: [next] } : {}),
    ...(draw.chance(0.15)
      ? { extra: [{ from: `${next}T${clock(hour * 60)}`, to: `${next}T${clock(hour * 60 + 150)}`, name: 'once' }] }
      : {}),
  };
}

function drawPolicy(draw: Draw, manner: Manner, schedules: readonly string[], endpoint: DrawnEndpoint): Entry {
  const idle = duration(draw.minutes(5, draw.chance(0.7) ? 30 : 60));
  const minUp = draw.chance(0.6) ? { minUp: duration(draw.minutes(5, 40)) } : {};
  if (manner === 'bounded') {
    const min = draw.whole(1, 2);
    return {
      capacity: drawRungs(draw, schedules, 1),
      otherwise: draw.chance(0.1) ? 'leave' : { min, max: min + draw.whole(0, 4) },
      ...(draw.chance(0.7) ? { scaling: [tracking(draw, 'ConcurrentRequestsPerModel')] } : {}),
      wake: { lead: draw.chance(0.8) ? 'learned' : duration(draw.minutes(5, 30)) },
    };
  }
  if (manner === 'async') {
    return {
      capacity: drawRungs(draw, schedules, 0),
      otherwise: draw.chance(0.1) ? { min: 1, max: 2 } : { min: 0, max: draw.whole(1, 5) },
      zero: { idleFor: idle, ...minUp },
      wake: { on: ['backlog'], backlogPerInstance: draw.whole(1, 10) },
      ...(draw.chance(0.5) ? { scaling: [tracking(draw, 'ApproximateBacklogSizePerInstance')] } : {}),
    };
  }
  const on = [
    ...(draw.chance(0.85) ? ['request'] : []),
    ...(endpoint.alarm === undefined ? [] : [`alarm:${endpoint.alarm}`]),
  ];
  return {
    capacity: drawRungs(draw, schedules, 0),
    otherwise: draw.weighted([
      { weight: 8, value: 'zero' },
      { weight: 1, value: 'leave' },
      { weight: 1, value: { min: 0, max: 2 } },
      { weight: 1, value: { min: 1, max: 2 } },
    ]).value,
    zero: { by: 'park', idleFor: idle, ...minUp },
    wake: {
      ...(on.length === 0 ? {} : { on }),
      lead: draw.chance(0.7) ? 'learned' : duration(draw.minutes(5, 30)),
      ...(endpoint.configs.length === 0 ? {} : { fallbackConfigs: endpoint.configs.map(({ name }) => name) }),
    },
    ...(draw.chance(0.3) ? { scaling: [tracking(draw, 'ConcurrentRequestsPerModel')] } : {}),
  };
}

function drawEndpoint(draw: Draw, member: SoakEndpoint, traffic: Traffic): Entry {
  const p50 = draw.minutes(3, 12);
  const startsIn = draw.chance(0.6) ? duration(p50) : { p50: duration(p50), p95: duration(p50 + draw.minutes(1, 10)) };
  const instances =
    member.manner === 'async'
      ? draw.whole(0, 1)
      : draw.weighted([
          { weight: 4, n: 1 },
          { weight: 1, n: 2 },
        ]).n;
  const base = {
    kind: member.manner === 'async' ? 'async' : 'real-time',
    policy: member.policy,
    instanceType: member.instanceType,
    ...(member.variants.length > 1 ? { variants: variantsOf(member) } : { instances }),
    startsIn,
    deletesIn: duration(draw.minutes(1, 4)),
    traffic: traffic.stretches,
    ...(draw.chance(0.4) ? { tags: { team: 'ml', 'cost-center': String(draw.whole(1, 99)) } } : {}),
  };
  if (member.manner === 'async') {
    return {
      ...base,
      serves: { concurrent: 1, in: duration(draw.seconds(5, 60)) },
      ...(draw.chance(0.5) ? { requestTtl: duration(draw.minutes(120, 360)) } : {}),
    };
  }
  return {
    ...base,
    serves: { concurrent: draw.whole(1, 8), in: duration(draw.whole(1, 20) * 100) },
    whenAway: draw.chance(0.6) ? 'asks' : 'lost',
  };
}

/** All on its own type, except for the last one. */
function variantsOf({ variants, instanceType }: SoakEndpoint): Entry {
  const other = TYPES.find((type) => type !== instanceType)!;
  return Object.fromEntries(
    variants.map((name, index) => [
      name,
      { instances: 1, weight: index + 1, ...(index === variants.length - 1 && { instanceType: other }) },
    ]),
  );
}

/** The policy as it speaks of several variants: what was drawn is the first one's, the others have limits of their own. */
function ofVariants(draw: Draw, drawn: Entry, schedules: readonly string[], { variants }: SoakEndpoint): Entry {
  const { capacity, scaling, ...policy } = drawn;
  const [first, ...others] = variants;
  const parts = others.map((name) => [name, { capacity: drawRungs(draw, schedules, 1).filter(({ min }) => min) }]);
  const share = () => Object.fromEntries(variants.map((name) => [name, draw.whole(1, 9)]));
  return {
    ...policy,
    variants: { [first!]: { capacity, ...(scaling === undefined ? {} : { scaling }) }, ...Object.fromEntries(parts) },
    ...(draw.chance(0.4) ? { weights: [{ during: draw.pick(schedules), share: share() }] } : {}),
  };
}

/** What drew later than the rest, with numbers of its own: fleets of earlier seeds stay what they were. */
function withLaterDraws(
  seed: number,
  drawn: { readonly member: SoakEndpoint; readonly policy: Entry },
  schedules: readonly string[],
): typeof drawn {
  const draw = new Draw(seed, `later: ${drawn.member.name}`);
  let { member, policy } = drawn;
  if (draw.chance(0.2)) policy = { ...policy, onDrift: draw.pick(['respect', 'announce']) };
  if (draw.chance(0.2) && member.manner !== 'async' && member.configs.length === 0) {
    member = { ...member, variants: ['blue', 'green'] };
    policy = ofVariants(draw, policy, schedules, member);
  }
  return { member, policy };
}

/** What its owner had set up beside the scaler, so that there is something to lose. */
function ownersSetup(draw: Draw, member: SoakEndpoint): Entry[] {
  const setup: Entry[] = member.configs.map(({ name, instanceType }) => ({
    at: '+0h',
    call: 'SageMaker.CreateEndpointConfig',
    with: {
      EndpointConfigName: name,
      ProductionVariants: [
        { VariantName: 'AllTraffic', ModelName: member.name, InstanceType: instanceType, InitialInstanceCount: 1 },
      ],
    },
  }));
  if (member.alarm !== undefined)
    setup.push({ at: '+0h', call: 'CloudWatch.PutMetricAlarm', with: queueAlarm(member.alarm) });
  if (member.manner === 'async' || draw.chance(0.4)) return setup;
  const variant = targetOf(member);
  setup.push({
    at: '+0h',
    call: 'ApplicationAutoScaling.RegisterScalableTarget',
    with: { ...variant, MinCapacity: 1, MaxCapacity: draw.whole(2, 4), Tags: { owner: 'ml' } },
  });
  if (draw.chance(0.7)) {
    const metric = { PredefinedMetricType: 'SageMakerVariantInvocationsPerInstance' };
    setup.push({
      at: '+0h',
      call: 'ApplicationAutoScaling.PutScalingPolicy',
      with: {
        ...variant,
        PolicyName: 'owners-tracking',
        PolicyType: 'TargetTrackingScaling',
        TargetTrackingScalingPolicyConfiguration: { TargetValue: 500, PredefinedMetricSpecification: metric },
      },
    });
  }
  if (draw.chance(0.4)) {
    const ScalableTargetAction = { MinCapacity: 1, MaxCapacity: 4 };
    setup.push({
      at: '+0h',
      call: 'ApplicationAutoScaling.PutScheduledAction',
      with: {
        ...variant,
        ScheduledActionName: 'owners-new-year',
        Schedule: 'cron(0 4 1 1 ? 2030)',
        ScalableTargetAction,
      },
    });
  }
  return setup;
}

/** Requests, holds, wake requests and alarms: what any day brings, also in the quiet time before the end. */
function drawUsage(draw: Draw, member: SoakEndpoint, durationMs: number): Entry[] {
  const usage: Entry[] = [];
  const at = (): number => draw.minutes(10, Math.floor((durationMs - HOUR) / MINUTE));
  const many = (share: number, most: number): number => (draw.chance(share) ? draw.whole(1, most) : 0);
  for (let n = many(0.5, 4); n > 0; n -= 1)
    usage.push({ at: offset(at()), requests: draw.whole(1, 40), to: member.name });
  for (let n = many(0.3, 2); n > 0; n -= 1) {
    const from = at();
    const mode = draw.pick(['up', 'down', 'hands-off']);
    const until = offset(from + draw.minutes(10, 600));
    usage.push({ at: offset(from), hold: member.name, mode, until, why: 'soak' });
    if (draw.chance(0.3)) usage.push({ at: offset(from + draw.minutes(1, 60)), unhold: member.name });
  }
  for (let n = many(0.4, 3); n > 0 && member.manner === 'parked'; n -= 1) {
    const Detail = JSON.stringify({ endpoint: member.name, by: 'a person', why: 'soak' });
    const Entries = [{ Source: 'endpoint-scaler.request', DetailType: 'Wake Requested', Detail }];
    usage.push({ at: offset(at()), call: 'EventBridge.PutEvents', with: { Entries } });
  }
  if (member.alarm !== undefined) {
    for (let n = draw.whole(1, 3); n > 0; n -= 1) {
      const from = at();
      const state = (StateValue: string): Entry => ({ AlarmName: member.alarm, StateValue, StateReason: 'soak' });
      usage.push({ at: offset(from), call: 'CloudWatch.SetAlarmState', with: state('ALARM') });
      const until = Math.min(durationMs - 30 * MINUTE, from + draw.minutes(5, 180));
      usage.push({ at: offset(until), call: 'CloudWatch.SetAlarmState', with: state('OK') });
    }
  }
  return usage;
}

const MANNERS: readonly { readonly weight: number; readonly manner: Manner }[] = [
  { weight: 6, manner: 'parked' },
  { weight: 2, manner: 'async' },
  { weight: 2, manner: 'bounded' },
];
const SIZES = [
  { weight: 13, size: 1 },
  { weight: 6, size: 2 },
  { weight: 1, size: 3 },
];

/** A longer tick is a setting of the stack, and makes a simulated day cheaper. */
const TICKS = [
  { weight: 5, minutes: 1 },
  { weight: 2, minutes: 2 },
  { weight: 4, minutes: 5 },
];

function drawMember(draw: Draw, name: string): DrawnEndpoint {
  const { manner } = draw.weighted(MANNERS);
  const instanceType = draw.pick(TYPES);
  const others = TYPES.filter((type) => type !== instanceType);
  const fallbacks = manner === 'parked' && draw.chance(0.5) ? draw.whole(1, 2) : 0;
  const configs = others
    .slice(0, fallbacks)
    .map((type, index) => ({ name: `${name}-fb${index + 1}`, instanceType: type }));
  const alarm = manner === 'parked' && draw.chance(0.25) ? `${name}-queue-not-empty` : undefined;
  return { name, manner, instanceType, configs, alarm, variants: ['AllTraffic'], components: [] };
}

/** The start in the place's own day; a whole hour, so that every offset is easy to read. */
function drawStart(draw: Draw, day: string): string {
  return `${day}T${String(draw.whole(0, 23)).padStart(2, '0')}:00:00Z`;
}

/**
 * One fleet in three has an endpoint of another kind beside those above, with numbers of its own: what was drawn before there
 * were any is as it was, and only the faults of these fleets are others.
 */
function drawOthers(seed: number, durationMs: number, schedules: readonly string[]): readonly Drawn[] {
  const draw = new Draw(seed, 'other kinds');
  if (!draw.chance(1 / 3)) return [];
  return [(draw.chance(0.6) ? drawComponents : drawServerless)(draw, durationMs, schedules)];
}

/** One endpoint in four has alarms of its owner's own, which drive his own scaling policy. */
function drawsAlarms(seed: number, { name }: SoakEndpoint): boolean {
  return new Draw(seed, `alarms: ${name}`).chance(0.25);
}

export function drawFleet(seed: number, days: number): Fleet {
  const draw = new Draw(seed, 'fleet');
  const durationMs = Math.round(days * DAY);
  const { zone, days: dates } = draw.pick(PLACES);
  const day = draw.pick(dates);
  const names = ['office', 'night', 'sales'].slice(0, draw.whole(1, 3));
  const schedules = Object.fromEntries(names.map((name) => [name, drawSchedule(draw, zone, day)]));
  const policies: Record<string, Entry> = {};
  const endpoints: Record<string, Entry> = {};
  const members: SoakEndpoint[] = [];
  const usage: Entry[] = [];
  const moments: number[] = [];
  const { size } = draw.weighted(SIZES);
  for (const name of NAMES.slice(0, size)) {
    const drawn = { ...drawMember(draw, name), policy: `${name.toLowerCase()}-policy` };
    const own = drawPolicy(draw, drawn.manner, names, drawn);
    const { member, policy } = withLaterDraws(
      seed,
      { member: { ...drawn, most: highestMax(own) }, policy: own },
      names,
    );
    const traffic = drawTraffic(draw, durationMs, member.manner === 'async' ? 5 : 60);
    policies[member.policy] = policy;
    endpoints[name] = drawEndpoint(draw, member, traffic);
    members.push(member);
    usage.push(...ownersSetup(draw, member), ...drawUsage(draw, member, durationMs));
    moments.push(...traffic.ends, ...traffic.ends.map((end) => end + 30 * MINUTE));
  }
  for (const { member, policy, endpoint, usage: asked, ends } of drawOthers(seed, durationMs, names)) {
    policies[member.policy] = policy;
    endpoints[member.name] = endpoint;
    members.push(member);
    usage.push(...asked);
    moments.push(...ends, ...ends.map((end) => end + 10 * MINUTE));
  }
  const owned = members.filter((member) => drawsAlarms(seed, member));
  usage.push(...owned.flatMap((member) => drawOwnersAlarms(new Draw(seed, `owner: ${member.name}`), member)));
  const quietFrom = Math.max(HOUR, durationMs - Math.max(durationMs / 4, 10 * HOUR));
  const parameters = { TickMinutes: draw.weighted(TICKS).minutes };
  const documents = { parameters, schedules, policies, endpoints };
  return { start: drawStart(draw, day), durationMs, quietFrom, ...documents, members, owned, usage, moments };
}
