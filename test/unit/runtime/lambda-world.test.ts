import { afterEach, describe, expect, it, vi } from 'vitest';
import { METRIC_NAMESPACE } from '../../../shared/domain/run-metrics.ts';
import { lambdaWorld } from '../../../shared/runtime/lambda-world.ts';

/** What a sink writes to the function's log, line by line. */
function written(use: () => void): readonly Record<string, unknown>[] {
  const texts: string[] = [];
  const take = (chunk: unknown): boolean => {
    texts.push(String(chunk));
    return true;
  };
  const out = vi.spyOn(process.stdout, 'write').mockImplementation(take);
  const log = vi.spyOn(console, 'info').mockImplementation(take as never);
  use();
  out.mockRestore();
  log.mockRestore();
  return texts
    .join('\n')
    .split('\n')
    .filter((text) => text.trim().startsWith('{'))
    .map((text) => JSON.parse(text) as Record<string, unknown>);
}

describe('the log of a deployed function', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it('tells stacks apart: the tag prefix is the service in metrics', () => {
    vi.stubEnv('TAG_PREFIX', 'team-b');
    const { logSink } = lambdaWorld();
    const [line = {}] = written(() =>
      logSink({
        level: 'INFO',
        message: 'metrics',
        logType: 'metric',
        function: 'idle-windows',
        metrics: { Heartbeat: 1, OldestUnmetWindow: 660 },
      }),
    );
    expect(line).toMatchObject({ service: 'team-b', function: 'idle-windows', Heartbeat: 1, OldestUnmetWindow: 660 });
    const [{ Namespace, Dimensions, Metrics } = {}] = (
      line['_aws'] as { CloudWatchMetrics: readonly Record<string, unknown>[] }
    ).CloudWatchMetrics;
    expect(Namespace).toBe(METRIC_NAMESPACE);
    expect((Dimensions as readonly string[][]).map((names) => [...names].sort())).toEqual([['function', 'service']]);
    expect(Metrics).toContainEqual(expect.objectContaining({ Name: 'OldestUnmetWindow', Unit: 'Seconds' }));
  });
});
