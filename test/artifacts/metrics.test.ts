import { DescribeAlarmsCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, describe, expect, inject, it } from 'vitest';
import { RUN_METRICS } from '../../shared/domain/run-metrics.ts';
import { Account } from '../support/lambda/account.ts';
import { type Line, stopAll } from '../support/lambda/execution-environment.ts';

const artifacts = inject('artifacts');
const NAMESPACE = 'EndpointScaler';

afterAll(stopAll);

type Dimensions = Readonly<Record<string, unknown>>;

const show = (metric: string, dimensions: Dimensions): string =>
  `${metric} ${Object.entries(dimensions)
    .map(([name, value]) => `${name}=${value}`)
    .sort()
    .join(' ')}`;

/** Metrics that a line of the embedded metric format publishes, each with its dimensions. */
function publishedBy(line: Line): readonly string[] {
  const { CloudWatchMetrics = [] } = (line['_aws'] ?? {}) as {
    CloudWatchMetrics?: { Namespace: string; Dimensions: string[][]; Metrics: { Name: string }[] }[];
  };
  return CloudWatchMetrics.filter(({ Namespace }) => Namespace === NAMESPACE).flatMap(({ Dimensions, Metrics }) =>
    Dimensions.flatMap((names) => {
      const dimensions = Object.fromEntries(names.map((name) => [name, line[name]]));
      return Metrics.map(({ Name }) => show(Name, dimensions));
    }),
  );
}

describe.skipIf(artifacts === undefined)('the alarms of the template on the scaler itself', () => {
  it('watch metrics under the very names and dimensions that the built functions publish', async () => {
    const account = await Account.create({ artifacts: artifacts!, parameters: { TagPrefix: 'team-a' } });
    try {
      await account.pass(2);
      const published = new Set<string>();
      for (const id of ['ScheduledScaling', 'IdleWindows']) {
        for (const line of (await account.environment(id)).lines())
          for (const one of publishedBy(line)) published.add(one);
      }
      const { MetricAlarms = [] } = await account.people.cloudwatch.send(new DescribeAlarmsCommand({}));
      const own = MetricAlarms.filter(({ Namespace }) => Namespace === NAMESPACE);
      const watched = own.map(({ MetricName, Dimensions = [] }) =>
        show(MetricName!, Object.fromEntries(Dimensions.map(({ Name, Value }) => [Name!, Value]))),
      );
      const dimensionsOf = (one: string): string => one.slice(one.indexOf(' ') + 1);
      const known = new Set([...published].map(dimensionsOf));
      expect(watched.filter((one) => one.startsWith('Heartbeat ')).length).toBeGreaterThanOrEqual(2);
      for (const one of watched) {
        // What has not happened in these two minutes is not published, but where it would be is known.
        expect(known, one).toContain(dimensionsOf(one));
        expect(Object.keys(RUN_METRICS), one).toContain(one.split(' ')[0]);
        if (one.startsWith('Heartbeat ')) expect(published, one).toContain(one);
      }
    } finally {
      await account.close();
    }
  });
});
