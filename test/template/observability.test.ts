import { readFileSync } from 'node:fs';
import { DescribeAlarmsCommand, type MetricAlarm } from '@aws-sdk/client-cloudwatch';
import { beforeAll, describe, expect, it } from 'vitest';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import { STACK_PARTS } from '../../rehearsal/prices.ts';
import { PRODUCT } from '../../rehearsal/product.ts';
import { DECISIONS, REASON_CODES } from '../../shared/domain/decision.ts';
import { METRIC_NAMESPACE, RUN_METRICS } from '../../shared/domain/run-metrics.ts';
import type { LogLine } from '../../shared/ports/world.ts';
import { readTemplate } from '../../simulator/template/read.ts';
import { deployTemplate } from '../support/deployed-template.ts';
import { createClients } from '../support/simulator-clients.ts';

const FUNCTIONS = ['scheduled-scaling', 'backlog-wake', 'idle-windows'];
interface Resource {
  readonly Type: string;
  // biome-ignore lint/suspicious/noExplicitAny: properties of any resource type
  readonly Properties: any;
}
const template = readTemplate(readFileSync('template.yaml', 'utf8'));
const resources = Object.entries(template['Resources'] as unknown as Readonly<Record<string, Resource>>);
const ofType = (type: string) => resources.filter(([, resource]) => resource.Type === type);

describe('alarms on the scaler itself', () => {
  let alarms: readonly MetricAlarm[];
  beforeAll(async () => {
    const { aws } = deployTemplate({ TagPrefix: 'team', TickMinutes: '2' });
    ({ MetricAlarms: alarms = [] } = await createClients(aws).cloudwatch.send(new DescribeAlarmsCommand({})));
  });

  it('tell the topic when they begin and when they end', () => {
    expect(alarms.length, 'as the bill has them').toBe(STACK_PARTS.alarms);
    for (const { AlarmName, AlarmActions, OKActions, AlarmDescription } of alarms) {
      expect(AlarmActions, AlarmName).toEqual([expect.stringMatching(/^arn:aws:sns:.*Notifications/)]);
      expect(OKActions, AlarmName).toEqual(AlarmActions);
      expect(AlarmDescription, AlarmName).toMatch(/^.{30,}\.$/);
    }
  });

  it('have names that no function may change and that no rule of the stack listens to', () => {
    for (const { AlarmName = '' } of alarms) expect(AlarmName).toMatch(/^team\/[a-z-]+$/);
  });

  it('look at metrics that the product publishes, of this stack', () => {
    const own = alarms.filter(({ Namespace }) => Namespace === METRIC_NAMESPACE);
    expect(own.length).toBeGreaterThanOrEqual(5);
    for (const { AlarmName, MetricName = '', Dimensions = [] } of own) {
      expect(Object.keys(RUN_METRICS), AlarmName).toContain(MetricName);
      const dimensions = Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name, Value]));
      expect(dimensions, AlarmName).toEqual({ service: 'team', function: expect.toBeOneOf(FUNCTIONS) });
    }
  });

  it('take a missing heartbeat, and that alone, for a fault, at the pace of the ticks', () => {
    const breaching = alarms.filter(({ TreatMissingData }) => TreatMissingData === 'breaching');
    expect(breaching.map(({ AlarmName = '' }) => AlarmName).sort()).toEqual([
      'team/idle-windows-silent',
      'team/scheduled-scaling-silent',
    ]);
    for (const alarm of breaching) expect(alarm).toMatchObject({ MetricName: 'Heartbeat', Period: 120 });
    expect(alarms.filter(({ TreatMissingData }) => TreatMissingData === 'notBreaching')).toHaveLength(
      alarms.length - 2,
    );
  });

  it('watch every function and both queues', () => {
    for (const metric of ['Errors', 'Throttles', 'AsyncEventAge']) {
      const watched = alarms.filter(({ Namespace, MetricName }) => Namespace === 'AWS/Lambda' && MetricName === metric);
      expect(new Set(watched.map(({ Dimensions }) => Dimensions?.[0]?.Value)).size, metric).toBe(FUNCTIONS.length);
    }
    const queues = alarms.filter(({ Namespace }) => Namespace === 'AWS/SQS');
    expect(queues.map(({ AlarmName = '' }) => AlarmName).sort()).toEqual([
      'team/events-undelivered',
      'team/runs-given-up',
    ]);
  });

  it('are in docs/operations.md, each with what it means and what to do, and nothing else is', () => {
    const page = readFileSync('docs/operations.md', 'utf8');
    const section = page.slice(page.indexOf('\n## Alarms\n'), page.indexOf('\n## Starter documents\n'));
    const entries = section
      .split('\n### ')
      .slice(1)
      .map((entry) => entry.split('\n'));
    expect(entries.map(([name = '']) => name).sort()).toEqual(
      alarms.map(({ AlarmName = '' }) => AlarmName.slice(5)).sort(),
    );
    for (const [name, ...lines] of entries) expect(lines.join('\n').trim().length, name).toBeGreaterThan(20);
  });
});

describe('the dashboard', () => {
  const [[, dashboard] = []] = ofType('AWS::CloudWatch::Dashboard');
  const text = String(dashboard?.Properties.DashboardBody['Fn::Sub']);
  // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own placeholder
  const filled = text.replace(/\$\{!([^}]*)\}/g, '${$1}').replace(/\$\{([A-Za-z:]+(?:\.Arn)?)\}/g, 'x');
  interface Widget {
    readonly type: string;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
    readonly properties: {
      readonly title?: string;
      readonly query?: string;
      readonly alarms?: readonly string[];
      readonly metrics?: readonly (readonly unknown[])[];
    };
  }
  const { widgets } = JSON.parse(filled) as { readonly widgets: readonly Widget[] };

  it('fits the grid of 24 columns without two widgets in one place', () => {
    const taken = new Map<string, string>();
    for (const { x, y, width, height, properties } of widgets) {
      expect(x + width).toBeLessThanOrEqual(24);
      for (let column = x; column < x + width; column += 1) {
        for (let row = y; row < y + height; row += 1) {
          expect(taken.get(`${column},${row}`), properties.title).toBeUndefined();
          taken.set(`${column},${row}`, properties.title ?? '');
        }
      }
    }
  });

  it('shows every alarm of the stack', () => {
    const shown = [...text.matchAll(/\$\{(\w+)\.Arn\}/g)].map(([, id = '']) => id);
    expect(shown.sort()).toEqual(
      ofType('AWS::CloudWatch::Alarm')
        .map(([id]) => id)
        .sort(),
    );
  });

  it('shows metrics of the product and, by search, of every endpoint', () => {
    const rows = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const own = rows.filter(([namespace]) => namespace === METRIC_NAMESPACE);
    expect(own.length).toBeGreaterThan(8);
    for (const [, metric, , , , fn] of own) {
      expect(Object.keys(RUN_METRICS)).toContain(metric);
      expect(FUNCTIONS).toContain(fn);
    }
    const searches = rows.flatMap(([first]) =>
      typeof first === 'object' ? [(first as { expression: string }).expression] : [],
    );
    const searched = searches.map((expression) => {
      const match =
        /^SEARCH\('\{([\w/]+),(EndpointName|EndpointName,VariantName)\} MetricName="(\w+)"', '(\w+)', 60\)$/.exec(
          expression,
        );
      return match?.[3];
    });
    expect(searched).toEqual(
      expect.arrayContaining([
        'ConcurrentRequestsPerModel',
        'Invocations',
        'ModelLatency',
        'Invocation4XXErrors',
        'Invocation5XXErrors',
        'ApproximateBacklogSize',
        'ApproximateAgeOfOldestRequest',
      ]),
    );
  });
});

/** Fields of a line as Logs Insights discovers them: dots for what lies inside. */
function fieldsOf(value: unknown, prefix = ''): string[] {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return prefix === '' ? [] : [prefix];
  return Object.entries(value).flatMap(([key, entry]) => fieldsOf(entry, prefix === '' ? key : `${prefix}.${key}`));
}

const WORDS = new Set(
  `fields filter stats sort limit desc asc as by and or in not like count avg max min sum latest ispresent bin SOURCE h`.split(
    ' ',
  ),
);

/** Names in a query that are neither its language, nor texts, nor what it calls its own results. */
function fieldsInQuery(query: string): readonly string[] {
  const own = new Set([...query.matchAll(/\bas (\w+)/g)].map(([, name]) => name));
  const bare = query.replace(/'[^']*'/g, ' ').replace(/\b\d+[a-z]?\b/g, ' ');
  const names = [...bare.matchAll(/@?[A-Za-z][\w.]*/g)].map(([name]) => name);
  return [...new Set(names.filter((name) => !WORDS.has(name) && !own.has(name)))];
}

describe('saved queries', () => {
  const queries = ofType('AWS::Logs::QueryDefinition').map(([id, { Properties }]) => [id, Properties] as const);
  const lines: LogLine[] = [];

  beforeAll(async () => {
    const watched = Object.fromEntries(
      Object.entries(PRODUCT).map(([id, code]) => [
        id,
        {
          ...code,
          start: (world: Parameters<typeof code.start>[0]) =>
            code.start({
              ...world,
              logSink: (line) => {
                lines.push(line);
                world.logSink(line);
              },
            }),
        },
      ]),
    );
    const document = (mode: string) => ({
      start: '2026-03-23T17:00:00+01:00',
      for: '3h',
      parameters: { Mode: mode },
      endpoints: {
        chat: { kind: 'real-time', policy: 'off', instanceType: 'ml.g5.xlarge' },
        busy: { kind: 'real-time', policy: 'raised', instanceType: 'ml.g5.xlarge' },
      },
      schedules: { office: { timezone: 'Europe/Berlin', open: [{ from: '08:00', to: '19:00' }] } },
      policies: {
        off: { otherwise: 'zero', zero: { by: 'park', idleFor: '5m' } },
        raised: { otherwise: { min: 2, max: 3 } },
      },
      happens: [
        { at: '+0h', for: '1h', fail: 'SageMaker.DeleteEndpoint', with: 'AccessDeniedException' },
        { at: '+2h', for: '20m', fail: 'SSM.GetParametersByPath', with: 'InternalServerError' },
      ],
    });
    for (const mode of ['on', 'dry-run']) {
      const parsed = parseScenario(JSON.stringify(document(mode)), 'queries.yaml', () => undefined);
      if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
      await rehearse(parsed.scenario, { code: watched });
    }
  });

  it('are six, in a folder of the stack, over the logs of all functions', () => {
    expect(queries).toHaveLength(6);
    for (const [id, { Name, LogGroupNames }] of queries) {
      expect(Name['Fn::Sub'], id).toMatch(/^\$\{TagPrefix\}\/[a-z -]+$/);
      expect(LogGroupNames).toEqual(
        ['ScheduledScalingLogs', 'BacklogWakeLogs', 'IdleWindowsLogs'].map((Ref) => ({ Ref })),
      );
    }
  });

  it('name only fields that the lines of a real run have', () => {
    const seen = new Set(lines.flatMap((line) => fieldsOf(line)).concat('@timestamp', '@message'));
    const texts = queries.map(([id, { QueryString }]) => [id, QueryString] as const);
    const widget = /"query": "SOURCE[^"]*"/.exec(readFileSync('template.yaml', 'utf8'))?.[0] ?? '';
    texts.push(['Dashboard', widget.replace(/^"query": "/, '').replace(/'[^']*'/g, ' ')]);
    expect(texts).toHaveLength(7);
    for (const [id, query] of texts) {
      const names = fieldsInQuery(query);
      expect(names.length, id).toBeGreaterThan(3);
      expect(
        names.filter((name) => !seen.has(name)),
        id,
      ).toEqual([]);
    }
  });

  it('compare with values that occur', () => {
    for (const [id, { QueryString }] of queries) {
      for (const [, field, value] of String(QueryString).matchAll(/\b(logType|decision|reason) !?= '([^']*)'/g)) {
        const allowed: Readonly<Record<string, readonly string[]>> = {
          logType: [...new Set(lines.flatMap((line) => (line.logType === undefined ? [] : [line.logType])))],
          decision: DECISIONS,
          reason: REASON_CODES,
        };
        expect(allowed[field!], `${id}: ${field}`).toContain(value);
      }
    }
  });
});
