import { parseScenario, type Scenario } from '../rehearsal/index.ts';

/** Scenario documents of the benchmark, as a user would write them. */
export function scenarioFrom(document: unknown): Scenario {
  const parsed = parseScenario(JSON.stringify(document), 'bench.yaml', () => undefined);
  if (!parsed.ok) throw new Error(`bench: ${JSON.stringify(parsed.problems)}`);
  return parsed.scenario;
}

const SCHEDULES = {
  office: { timezone: 'Europe/Berlin', open: [{ days: 'mon-fri', from: '08:00', to: '19:00' }] },
};

const POLICIES = {
  parked: {
    capacity: [{ during: 'office', min: 1, max: 4 }],
    otherwise: 'zero',
    zero: { by: 'park', idleFor: '30m' },
  },
  queue: { otherwise: { min: 0, max: 5 }, wake: { on: ['backlog'], backlogPerInstance: 5 } },
  production: {
    capacity: [{ during: 'office', min: 2, max: 8 }],
    otherwise: { min: 1, max: 8 },
    scaling: [{ kind: 'target-tracking', metric: 'ConcurrentRequestsPerModel', target: 8 }],
  },
  steady: { otherwise: { min: 1, max: 4 } },
};

const day = (perMinute: number) => ({
  diurnal: { timezone: 'Europe/Berlin', day: `${perMinute}/m`, night: '0/m' },
});

/** Four parked outside office hours, three asynchronous, three production endpoints: what a team of ten models has. */
export function mixedFleet(days: number): Scenario {
  const endpoints: Record<string, unknown> = {};
  for (let index = 0; index < 10; index += 1) {
    const kind = index < 4 ? 'parked' : index < 7 ? 'queue' : 'production';
    endpoints[`${kind}-${index}`] = {
      kind: kind === 'queue' ? 'async' : 'real-time',
      policy: kind,
      instanceType: 'ml.g5.xlarge',
      serves: kind === 'queue' ? { concurrent: 1, in: '20s' } : { concurrent: 8, in: '500ms' },
      traffic: day(kind === 'production' ? 900 : 3),
      ...(kind === 'queue' ? {} : { whenAway: 'asks' }),
    };
  }
  return scenarioFrom({
    start: '2026-03-23T00:00:00+01:00',
    for: `${days}d`,
    schedules: SCHEDULES,
    policies: POLICIES,
    endpoints,
  });
}

/** A business day of real-time endpoints: half of them parked at night, half of them production that scales. */
export function businessFleet(size: number, hours: number): Scenario {
  const endpoints: Record<string, unknown> = {};
  for (let index = 0; index < size; index += 1) {
    const policy = index % 2 === 0 ? 'parked' : 'production';
    endpoints[`${policy}-${index}`] = {
      kind: 'real-time',
      policy,
      instanceType: `ml.g5.${['xlarge', '2xlarge', '4xlarge', '8xlarge'][index % 4]}`,
      serves: { concurrent: 8, in: '500ms' },
      traffic: day(policy === 'production' ? 900 : 3),
    };
  }
  return scenarioFrom({
    start: '2026-03-23T00:00:00+01:00',
    for: `${hours}h`,
    schedules: SCHEDULES,
    policies: POLICIES,
    endpoints,
  });
}

/** Enrolled endpoints inside their bounds with nothing to do. */
export function quietFleet(size: number, hours: number): Scenario {
  const endpoints: Record<string, unknown> = {};
  for (let index = 0; index < size; index += 1) {
    endpoints[`steady-${index}`] = { kind: 'real-time', policy: 'steady', instanceType: 'ml.g5.xlarge' };
  }
  return scenarioFrom({
    start: '2026-03-23T00:00:00+01:00',
    for: `${hours}h`,
    schedules: SCHEDULES,
    policies: POLICIES,
    endpoints,
  });
}

/** One asynchronous endpoint at zero with a backlog of 12 after an hour. */
export function sleepingQueue(): Scenario {
  return scenarioFrom({
    start: '2026-03-23T00:00:00+01:00',
    for: '2h',
    schedules: SCHEDULES,
    policies: POLICIES,
    endpoints: {
      transcribe: {
        kind: 'async',
        policy: 'queue',
        instanceType: 'ml.g5.xlarge',
        instances: 0,
        serves: { concurrent: 1, in: '40s' },
      },
    },
    happens: [{ at: '+1h', requests: 12, to: 'transcribe' }],
  });
}
