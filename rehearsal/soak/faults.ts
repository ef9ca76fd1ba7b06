import { CALLS_OF, type CalledFunction, FUNCTIONS } from './call-sites.ts';
import type { Entry } from './documents.ts';
import { type Draw, duration, HOUR, offset } from './draw.ts';
import type { Fleet } from './fleet.ts';
import { type SoakEndpoint, targetOf } from './members.ts';

const MINUTE = 60_000;

/** What a row of the table draws from. */
export interface FaultDraw {
  readonly draw: Draw;
  readonly fleet: Fleet;
  /** Somewhere before the quiet time, often near something that happens by itself. */
  at(): number;
  /** A spell that is over before the quiet time begins. */
  spell(from: number, longest?: number): number;
  member(): SoakEndpoint;
}

export interface FaultKind {
  readonly kind: string;
  readonly weight: number;
  entries(from: FaultDraw): readonly Entry[];
}

function lasting(on: FaultDraw, what: (draw: Draw) => Entry, longest?: number, shortest = 0): readonly Entry[] {
  const at = on.at();
  const lasts = Math.min(on.fleet.quietFrom - at, on.spell(at, longest) + shortest);
  return [{ at: offset(at), for: duration(lasts), ...what(on.draw) }];
}

function drawFunction(draw: Draw): CalledFunction {
  return draw.weighted(FUNCTIONS).name;
}

/** Calls that change something are where dying hurts. */
function drawSite(draw: Draw, fn: CalledFunction): string {
  const changes = CALLS_OF[fn].filter((site) => /\.(?:Create|Delete|Put|Register|Deregister|Update)/.test(site));
  return draw.pick(draw.chance(0.6) ? changes : CALLS_OF[fn]);
}

function drawCall(draw: Draw): string {
  return drawSite(draw, drawFunction(draw));
}

const CODES: readonly string[] = [
  'AccessDeniedException',
  'InternalFailure',
  'ServiceUnavailable',
  'ValidationException',
  'ResourceInUse',
];
const DETAIL_TYPES = [
  'SageMaker Endpoint State Change',
  'CloudWatch Alarm State Change',
  'Wake Requested',
  'Endpoint Ready',
];
/** Of events: what a run might lean on. */
const FIELDS = [
  ['detail.EndpointStatus'],
  ['detail.EndpointName', 'detail.EndpointArn'],
  ['detail'],
  ['time'],
  ['detail.alarmName'],
  ['detail.state'],
  ['detail.endpoint'],
];
const WIDE = [
  'SageMaker.*',
  'ApplicationAutoScaling.*',
  'CloudWatch.*',
  'DynamoDB.*',
  'SSM.*',
  'EventBridge.*',
  'ResourceGroupsTaggingAPI.*',
  '*',
];

function variantOf(member: SoakEndpoint, VariantName: string, count: number): Entry {
  const { name: ModelName, instanceType: InstanceType, manner } = member;
  if (manner === 'serverless') {
    const ServerlessConfig = { MemorySizeInMB: 2_048, MaxConcurrency: 20, ProvisionedConcurrency: count };
    return { VariantName, ModelName, ServerlessConfig };
  }
  if (manner === 'components') {
    const ManagedInstanceScaling = { Status: 'ENABLED', MinInstanceCount: 0, MaxInstanceCount: 4 };
    return { VariantName, InstanceType, InitialInstanceCount: count, ManagedInstanceScaling };
  }
  return { VariantName, ModelName, InstanceType, InitialInstanceCount: count };
}

const configOf = (member: SoakEndpoint, name: string, count: number): Entry => ({
  EndpointConfigName: name,
  ProductionVariants: member.variants.map((variant) => variantOf(member, variant, count)),
  // A config of another kind would make the endpoint one that its policy does not fit.
  ...(member.manner === 'async' ? { AsyncInferenceConfig: { OutputConfig: { S3OutputPath: 's3://results/' } } } : {}),
  ...(member.manner === 'components' ? { ExecutionRoleArn: 'arn:aws:iam::123456789012:role/models' } : {}),
});

/** Another count, through the call that its kind has for that. */
function scaled(at: number, { name, manner, variants, components }: SoakEndpoint, count: number): Entry {
  const [component] = components;
  if (component !== undefined) {
    const DesiredRuntimeConfig = { CopyCount: count };
    return call(at, 'SageMaker.UpdateInferenceComponentRuntimeConfig', {
      InferenceComponentName: component,
      DesiredRuntimeConfig,
    });
  }
  const wanted =
    manner === 'serverless'
      ? { ServerlessUpdateConfig: { ProvisionedConcurrency: count } }
      : { DesiredInstanceCount: count };
  return call(at, 'SageMaker.UpdateEndpointWeightsAndCapacities', {
    EndpointName: name,
    DesiredWeightsAndCapacities: [{ VariantName: variants[0], ...wanted }],
  });
}

const call = (at: number, operation: string, input: Entry): Entry => ({ at: offset(at), call: operation, with: input });

/** What becomes of inference components when their endpoint is deleted under them no document of AWS says. */
const deletable = ({ components }: SoakEndpoint, entries: readonly Entry[]): readonly Entry[] =>
  components.length > 0 ? [] : entries;

/** Somebody else's hand, at one instant. */
function byHand(
  kind: string,
  weight: number,
  entries: (on: FaultDraw, at: number, member: SoakEndpoint) => readonly Entry[],
): FaultKind {
  return { kind: `hand: ${kind}`, weight, entries: (on) => entries(on, on.at(), on.member()) };
}

const HANDS: readonly FaultKind[] = [
  byHand('creates', 4, (_, at, { name }) => [
    call(at, 'SageMaker.CreateEndpoint', { EndpointName: name, EndpointConfigName: name }),
  ]),
  byHand('creates with tags', 4, ({ fleet }, at, { name, policy }) => [
    call(at, 'SageMaker.CreateEndpoint', {
      EndpointName: name,
      EndpointConfigName: name,
      Tags: [{ Key: 'endpoint-scaler:policy', Value: fleet.policies[policy] === undefined ? 'none' : policy }],
    }),
  ]),
  byHand('updates', 4, ({ draw }, at, member) => {
    const config = `${member.name}-v${draw.whole(2, 9)}`;
    return [
      call(Math.max(0, at - MINUTE), 'SageMaker.CreateEndpointConfig', configOf(member, config, draw.whole(1, 2))),
      call(at, 'SageMaker.UpdateEndpoint', { EndpointName: member.name, EndpointConfigName: config }),
    ];
  }),
  byHand('scales', 4, ({ draw }, at, member) => [scaled(at, member, draw.whole(1, member.most))]),
  byHand('deletes', 2, (_, at, member) =>
    deletable(member, [call(at, 'SageMaker.DeleteEndpoint', { EndpointName: member.name })]),
  ),
  byHand('deletes and recreates', 2, ({ draw }, at, member) => {
    const { name, policy } = member;
    return deletable(member, [
      call(at, 'SageMaker.DeleteEndpoint', { EndpointName: name }),
      call(at + draw.minutes(5, 30), 'SageMaker.CreateEndpoint', {
        EndpointName: name,
        EndpointConfigName: name,
        Tags: [{ Key: 'endpoint-scaler:policy', Value: policy }],
      }),
    ]);
  }),
  byHand('untags', 2, ({ draw }, at, { name, policy }) => [
    call(at, 'SageMaker.DeleteTags', { ResourceArn: `$ARN(${name})`, TagKeys: ['endpoint-scaler:policy'] }),
    ...(draw.chance(0.7)
      ? [
          call(at + draw.minutes(1, 90), 'SageMaker.AddTags', {
            ResourceArn: `$ARN(${name})`,
            Tags: [{ Key: 'endpoint-scaler:policy', Value: policy }],
          }),
        ]
      : []),
  ]),
  byHand('tags', 2, ({ draw }, at, { name }) => [
    call(at, 'SageMaker.AddTags', {
      ResourceArn: `$ARN(${name})`,
      Tags: [{ Key: 'reviewed', Value: String(draw.whole(1, 9)) }],
    }),
  ]),
  byHand('protects', 2, ({ draw }, at, { name }) => [
    call(at, 'SageMaker.AddTags', {
      ResourceArn: `$ARN(${name})`,
      Tags: [{ Key: 'endpoint-scaler:protect', Value: 'true' }],
    }),
    call(at + draw.minutes(5, 240), 'SageMaker.DeleteTags', {
      ResourceArn: `$ARN(${name})`,
      TagKeys: ['endpoint-scaler:protect'],
    }),
  ]),
  byHand('deregisters', 2, (_, at, member) => [
    call(at, 'ApplicationAutoScaling.DeregisterScalableTarget', targetOf(member)),
  ]),
  byHand('registers', 2, ({ draw }, at, member) => [
    call(at, 'ApplicationAutoScaling.RegisterScalableTarget', {
      ...targetOf(member),
      MinCapacity: member.manner === 'async' ? 0 : 1,
      MaxCapacity: draw.whole(1, 6),
    }),
  ]),
  byHand('deletes alarms', 1, (_, at, { name }) => [
    call(at, 'CloudWatch.DeleteAlarms', { AlarmNames: [`endpoint-scaler-wake-${name}`] }),
  ]),
];

function documentOf({ draw, fleet }: FaultDraw): readonly [string, Entry] {
  const kind = draw.chance(0.7) ? 'policies' : 'schedules';
  const name = draw.pick(Object.keys(fleet[kind]));
  return [`${kind}/${name}`, fleet[kind][name]!];
}

const DOCUMENTS: readonly FaultKind[] = [
  {
    kind: 'document broken',
    weight: 4,
    entries(on) {
      const at = on.at();
      const [put, document] = documentOf(on);
      const text = on.draw.pick([
        '{ broken',
        '{}[]',
        '{"otherwise":"zero","typo":1}',
        'null',
        '""',
        '{"capacity":[{"during":"nowhere","min":1,"max":1}]}',
      ]);
      const mended = { at: offset(at + on.spell(at)), put, document };
      return [{ at: offset(at), put, text }, ...(on.draw.chance(0.8) ? [mended] : [])];
    },
  },
  {
    kind: 'document removed',
    weight: 3,
    entries(on) {
      const at = on.at();
      const [remove, document] = documentOf(on);
      const back = { at: offset(at + on.spell(at)), put: remove, document };
      return [{ at: offset(at), remove }, ...(on.draw.chance(0.8) ? [back] : [])];
    },
  },
  {
    kind: 'document swapped',
    weight: 3,
    entries(on) {
      const names = Object.keys(on.fleet.schedules);
      const into = on.draw.pick(names);
      return [{ at: offset(on.at()), put: `schedules/${into}`, document: on.fleet.schedules[on.draw.pick(names)] }];
    },
  },
  {
    kind: 'policy swapped',
    weight: 2,
    entries(on) {
      const { policy } = on.member();
      const other = on.fleet.policies[on.draw.pick(Object.keys(on.fleet.policies))]!;
      return [{ at: offset(on.at()), put: `policies/${policy}`, document: other }];
    },
  },
  { kind: 'given back', weight: 1, entries: (on) => [{ at: offset(on.at()), giveBack: on.member().name }] },
];

/** A fault of each kind with its weight and its random arguments: a new kind is a new row. */
export const FAULTS: readonly FaultKind[] = [
  {
    kind: 'crash',
    weight: 25,
    entries({ draw, fleet, at }) {
      const crash = drawFunction(draw);
      const after = draw.chance(0.95) ? drawSite(draw, crash) : '*';
      // It waits for the next such call: of rare ones there are few late ones.
      const from = draw.chance(0.5) ? at() : draw.seconds(0, fleet.quietFrom / 3_000);
      return [{ at: offset(from), crash, after, ...(draw.chance(0.2) ? { nth: draw.whole(2, 12) } : {}) }];
    },
  },
  {
    kind: 'stall',
    weight: 10,
    entries({ draw, fleet, at }) {
      const stall = drawFunction(draw);
      const from = draw.chance(0.5) ? at() : draw.seconds(0, fleet.quietFrom / 3_000);
      const lasts = duration(draw.chance(0.6) ? draw.seconds(5, 120) : draw.seconds(120, 900));
      return [{ at: offset(from), stall, after: drawSite(draw, stall), for: lasts }];
    },
  },
  {
    kind: 'runs at once',
    weight: 6,
    entries: ({ draw, at }) => {
      const first = at();
      const run = drawFunction(draw);
      const times = draw.whole(1, 3);
      return Array.from({ length: draw.whole(1, 4) }, (_, index) => ({
        at: offset(first + index * MINUTE),
        run,
        times,
      }));
    },
  },
  {
    kind: 'network',
    weight: 8,
    entries: (on) =>
      lasting(on, (draw) => {
        const network = draw.pick(['reset', 'truncated', 'html']);
        const effect = network === 'truncated' ? {} : { effect: draw.pick(['before', 'after']) };
        const calls = draw.chance(0.3) ? draw.pick(WIDE) : drawCall(draw);
        return { network, calls, share: draw.pick([0.1, 0.3, 0.6, 1]), ...effect };
      }),
  },
  {
    kind: 'noCapacity',
    weight: 8,
    entries: (on) =>
      lasting(
        on,
        () => ({
          noCapacity: on.draw.chance(0.2) ? 'all' : on.member().instanceType,
          ...(on.draw.chance(0.5) ? { failsAfter: duration(on.draw.minutes(1, 30)) } : {}),
        }),
        20 * HOUR,
        30 * MINUTE,
      ),
  },
  {
    kind: 'noQuota',
    weight: 4,
    entries: (on) =>
      lasting(on, (draw) => ({ noQuota: draw.chance(0.3) ? 'all' : on.member().instanceType }), 20 * HOUR, 30 * MINUTE),
  },
  {
    kind: 'unhealthy',
    weight: 3,
    entries: (on) =>
      lasting(
        on,
        (draw) => ({ unhealthy: on.member().name, failsAfter: duration(draw.minutes(2, 30)) }),
        HOUR,
        30 * MINUTE,
      ),
  },
  {
    kind: 'stuck',
    weight: 5,
    entries: (on) =>
      lasting(on, (draw) => ({
        stuck: on.member().name,
        in: draw.pick(['Creating', 'Updating', 'RollingBack', 'SystemUpdating', 'UpdateRollbackFailed']),
      })),
  },
  {
    kind: 'throttle',
    weight: 8,
    entries: (on) =>
      lasting(on, (draw) => ({
        throttle: draw.chance(0.5) ? draw.pick(WIDE) : drawCall(draw),
        share: draw.pick([0.1, 0.5, 0.9, 1]),
      })),
  },
  {
    kind: 'fail',
    weight: 8,
    entries: (on) =>
      lasting(on, (draw) => ({
        fail: draw.chance(0.3) ? draw.pick(WIDE) : drawCall(draw),
        with: draw.pick(CODES),
        share: draw.pick([0.2, 0.5, 1]),
      })),
  },
  {
    kind: 'events dropped',
    weight: 4,
    entries: (on) =>
      lasting(
        on,
        (draw) => ({ events: 'drop', ...(draw.chance(0.6) ? { of: draw.pick(DETAIL_TYPES) } : {}) }),
        20 * HOUR,
        HOUR,
      ),
  },
  { kind: 'ticks dropped', weight: 3, entries: (on) => lasting(on, () => ({ events: 'drop', of: 'tick' }), 2 * HOUR) },
  {
    kind: 'events doubled',
    weight: 4,
    entries: (on) =>
      lasting(on, (draw) => ({
        events: 'twice',
        ...(draw.chance(0.6) ? { of: draw.pick([...DETAIL_TYPES, 'tick']) } : {}),
      })),
  },
  {
    kind: 'events delayed',
    weight: 4,
    entries: (on) =>
      lasting(on, (draw) => ({
        events: { delay: duration(draw.chance(0.8) ? draw.seconds(20, 3600) : draw.minutes(60, 1440)) },
        ...(draw.chance(0.6) ? { of: draw.pick(DETAIL_TYPES) } : {}),
      })),
  },
  {
    kind: 'events shuffled',
    weight: 4,
    entries: (on) =>
      lasting(on, (draw) => ({ events: { shuffle: duration(draw.seconds(30, 7_200)) } }), 20 * HOUR, HOUR),
  },
  {
    kind: 'events stripped',
    weight: 3,
    entries: (on) => lasting(on, (draw) => ({ events: { without: draw.pick(FIELDS) } }), 20 * HOUR, HOUR),
  },
  {
    kind: 'ticks delayed',
    weight: 3,
    entries: (on) => lasting(on, (draw) => ({ events: { delay: duration(draw.seconds(5, 200)) }, of: 'tick' })),
  },
  {
    kind: 'metrics missing',
    weight: 5,
    entries: (on) => lasting(on, () => ({ metrics: 'missing', of: on.member().name })),
  },
  {
    kind: 'metrics late',
    weight: 3,
    entries: (on) =>
      lasting(
        on,
        (draw) => ({ metrics: { late: duration(draw.minutes(1, 20)) }, of: on.member().name }),
        20 * HOUR,
        HOUR,
      ),
  },
  { kind: 'metrics zero', weight: 2, entries: (on) => lasting(on, () => ({ metrics: 'zero', of: on.member().name })) },
  {
    kind: 'stale reads',
    weight: 8,
    entries: (on) =>
      lasting(on, (draw) => ({
        stale: draw.pick([
          'SageMaker.*',
          'ApplicationAutoScaling.*',
          'DynamoDB.*',
          'SSM.*',
          '*',
          'SageMaker.DescribeEndpoint',
          'SageMaker.ListTags',
          'SageMaker.ListEndpoints',
          'DynamoDB.Query',
        ]),
        by: duration(draw.seconds(1, 60)),
      })),
  },
  {
    kind: 'clock wrong',
    weight: 4,
    entries: (on) =>
      lasting(
        on,
        (draw) => ({ clock: drawFunction(draw), by: `${draw.chance(0.5) ? '-' : ''}${duration(draw.seconds(1, 10))}` }),
        20 * HOUR,
        HOUR,
      ),
  },
  ...DOCUMENTS,
  ...HANDS,
];
