import * as v from 'valibot';

const instant = v.pipe(v.string(), v.isoTimestamp(), v.description('an instant, ISO 8601 in UTC'));
const count = v.pipe(v.number(), v.integer(), v.minValue(0));
const amount = v.nullable(v.number());
const text = v.record(v.string(), v.string());
const scalar = v.nullable(v.union([v.string(), v.number(), v.boolean()]));

const span = v.strictObject({
  from: instant,
  to: instant,
  status: v.pipe(v.string(), v.description('as DescribeEndpoint spells it; Absent when deleted')),
  desired: count,
  serving: v.pipe(count, v.description('instances in service')),
  config: v.string(),
  instanceType: v.string(),
});

const decision = v.strictObject({
  at: instant,
  function: v.picklist(['scheduled-scaling', 'backlog-wake', 'idle-windows']),
  decision: v.picklist(['park', 'wake', 'scale', 'keep', 'refuse', 'give-back']),
  reason: v.string(),
  evidence: v.record(v.string(), scalar),
  times: v.pipe(count, v.description('equal consecutive ones are one entry')),
  until: v.pipe(instant, v.description('the last of them')),
});

const window = v.strictObject({
  begins: instant,
  ends: instant,
  readyAt: v.pipe(
    v.nullable(instant),
    v.description('when as many instances served as the rung asks for; null: never'),
  ),
  lateSeconds: v.number(),
  during: v.pipe(v.string(), v.description('the schedule, or otherwise')),
});

const requests = v.pipe(
  v.strictObject({
    total: count,
    served: count,
    cold: count,
    failed: count,
    cut: count,
    expired: count,
    pending: count,
  }),
  v.description(
    'total = served + failed + expired + pending; cold: nothing was in service when the request came; cut: failed streams whose instance was taken away',
  ),
);

const latency = v.pipe(
  v.nullable(v.strictObject({ p50: v.number(), p95: v.number(), p99: v.number(), worstHourP95: v.number() })),
  v.description('seconds from arrival to answer: waiting for a free place and being served; null: none was answered'),
);

const component = v.strictObject({
  spans: v.array(
    v.strictObject({
      from: instant,
      to: instant,
      status: v.pipe(v.string(), v.description('as DescribeInferenceComponent spells it; Absent when deleted')),
      desired: count,
      serving: v.pipe(count, v.description('copies in service')),
    }),
  ),
  requests,
  latency,
  windows: v.array(window),
});

const variant = v.strictObject({
  spans: v.array(
    v.strictObject({
      from: instant,
      to: instant,
      desired: count,
      serving: count,
      weight: v.pipe(v.number(), v.description('share of the traffic beside the other variants')),
    }),
  ),
  requests: v.strictObject({ total: count, served: count, failed: count }),
  windows: v.array(window),
});

const endpoint = v.strictObject({
  kind: v.picklist(['real-time', 'async', 'components', 'serverless']),
  policy: v.pipe(v.nullable(v.string()), v.description('value of the enrolling tag; null: not enrolled')),
  spans: v.array(span),
  decisions: v.array(decision),
  instanceHours: v.strictObject({
    paid: v.number(),
    alwaysOn: v.number(),
    byType: v.exactOptional(
      v.pipe(v.record(v.string(), v.number()), v.description('paid hours of each type of its instance pools')),
    ),
  }),
  requests,
  latency,
  requestsByHour: v.array(count),
  parks: count,
  wakes: count,
  wakeSeconds: v.array(v.number()),
  windows: v.array(window),
  components: v.exactOptional(
    v.pipe(v.record(v.string(), component), v.description('inference components; only of kind components')),
  ),
  serverless: v.exactOptional(
    v.pipe(
      v.strictObject({
        coldStarts: count,
        throttled: count,
        gigabyteSeconds: v.strictObject({ provisioned: v.number(), onDemand: v.number() }),
      }),
      v.description('only of kind serverless; its instanceHours are hours of provisioned concurrency'),
    ),
  ),
  variants: v.exactOptional(v.pipe(v.record(v.string(), variant), v.description('where there are several'))),
  final: v.strictObject({
    phase: v.nullable(v.string()),
    config: v.nullable(v.string()),
    tags: text,
    scalableTargets: v.array(v.unknown()),
    scalingPolicies: v.array(v.unknown()),
    scheduledActions: v.array(v.unknown()),
    alarms: v.array(v.unknown()),
  }),
});

/** The document that `simulate --json` writes; its JSON Schema comes from here. */
export const resultSchema = v.pipe(
  v.strictObject({
    scenario: v.string(),
    seed: count,
    from: instant,
    to: instant,
    timezone: v.optional(v.pipe(v.string(), v.description('the most frequent zone of its schedules'))),
    endpoints: v.record(v.string(), endpoint),
    happens: v.array(v.strictObject({ at: instant, what: v.string(), times: count, answer: v.unknown() })),
    events: v.array(v.strictObject({ at: instant, detailType: v.string(), detail: v.record(v.string(), v.unknown()) })),
    calls: v.pipe(v.record(v.string(), count), v.description("everybody's API calls, failed ones too")),
    invariants: v.strictObject({
      checked: count,
      violations: v.array(
        v.strictObject({
          at: instant,
          invariant: v.pipe(count, v.minValue(1), v.maxValue(10)),
          endpoint: v.nullable(v.string()),
          what: v.string(),
        }),
      ),
    }),
    bill: v.strictObject({
      endpoints: v.record(v.string(), v.strictObject({ paid: amount, alwaysOn: amount })),
      saved: amount,
      scaler: v.number(),
      currency: v.literal('USD'),
      pricesAsOf: v.string(),
    }),
  }),
  v.title('Rehearsal result'),
  v.description('What a rehearsal yields: capacity, decisions, requests, windows, money and broken invariants.'),
);
