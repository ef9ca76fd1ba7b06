import { describe, expect, it } from 'vitest';
import { parseScenario, rehearse } from '../../rehearsal/index.ts';
import { MONDAY_BERLIN, office, officeHours, realTime } from './fleet.ts';

interface Change {
  /** Minutes from the start. */
  readonly at: number;
  readonly alarm: string;
  readonly to: string;
}

/** Transitions of the scaler's own alarms after the first five minutes, in which every alarm finds its first state. */
async function watch(document: Readonly<Record<string, unknown>>): Promise<readonly Change[]> {
  const parsed = parseScenario(JSON.stringify({ start: MONDAY_BERLIN, ...document }), 'story.yaml', () => undefined);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  const { scenario } = parsed;
  const changes: Change[] = [];
  await rehearse(scenario, {
    onReady: ({ aws }) =>
      aws.onBusEvent((event) => {
        if (event['detail-type'] !== 'CloudWatch Alarm State Change') return;
        const { alarmName, state } = event['detail'] as { alarmName: string; state: { value: string } };
        const at = (aws.clock.now() - scenario.start) / 60_000;
        const [prefix, alarm] = alarmName.split('/');
        if (prefix === 'endpoint-scaler' && alarm !== undefined && at > 5) changes.push({ at, alarm, to: state.value });
      }),
  });
  return changes;
}

const of = (changes: readonly Change[], alarm: string): readonly string[] =>
  changes.filter((change) => change.alarm === alarm).map(({ to }) => to);
const firstOf = (changes: readonly Change[], alarm: string): number =>
  changes.find((change) => change.alarm === alarm)?.at ?? Number.NaN;

const day = { schedules: { office }, policies: { dev: officeHours() } };
const chat = { chat: realTime('dev', { instanceType: 'ml.g5.2xlarge' }) };

describe("the scaler's own alarms", () => {
  it('are silent on a day on which everything works', async () => {
    expect(await watch({ ...day, endpoints: chat, for: '26h' })).toEqual([]);
  });

  it('say within minutes that ticks no longer arrive, and that they do again', async () => {
    const changes = await watch({
      ...day,
      endpoints: chat,
      for: '3h',
      happens: [{ at: '+1h', for: '30m', events: 'drop', of: 'tick' }],
    });
    for (const alarm of ['scheduled-scaling-silent', 'idle-windows-silent']) {
      expect(of(changes, alarm), alarm).toEqual(['ALARM', 'OK']);
      expect(firstOf(changes, alarm), alarm).toBeGreaterThanOrEqual(64);
      expect(firstOf(changes, alarm), alarm).toBeLessThanOrEqual(68);
    }
    expect(new Set(changes.map(({ alarm }) => alarm)).size).toBe(2);
  });

  it('say that runs fail, that they beat no heart, and what Lambda gave up', async () => {
    const changes = await watch({
      ...day,
      endpoints: chat,
      for: '2h',
      happens: [
        { at: '+30m', for: '20m', fail: 'DynamoDB.*', with: 'AccessDeniedException' },
        {
          // A tick that is tried again is stale by then; an event is not.
          at: '+35m',
          call: 'EventBridge.PutEvents',
          with: {
            Entries: [
              { Source: 'endpoint-scaler.request', DetailType: 'Wake Requested', Detail: '{"endpoint":"chat"}' },
            ],
          },
        },
      ],
    });
    for (const alarm of ['scheduled-scaling-errors', 'idle-windows-errors', 'scheduled-scaling-silent']) {
      expect(of(changes, alarm), alarm).toEqual(['ALARM', 'OK']);
    }
    expect(of(changes, 'runs-given-up'), 'lasts until somebody empties the queue').toEqual(['ALARM']);
  });

  it('say that a window is not met, for as long as it is not, also between two tries', async () => {
    const changes = await watch({
      ...day,
      endpoints: chat,
      for: '14h',
      happens: [{ at: '+7h', for: '3h', noCapacity: 'ml.g5.2xlarge', failsAfter: '10m' }],
    });
    expect(of(changes, 'endpoints-late')).toEqual(['ALARM', 'OK']);
    const begins = firstOf(changes, 'endpoints-late');
    expect(begins, 'ten minutes after the window began at 08:00').toBeGreaterThanOrEqual(8 * 60 + 10);
    expect(begins).toBeLessThanOrEqual(8 * 60 + 13);
  });

  it('do not call late what ended with its window, nor what dry-run does not raise', async () => {
    const hour = { timezone: 'Europe/Berlin', open: [{ days: 'mon-fri', from: '08:00', to: '09:00' }] };
    const over = await watch({
      schedules: { hour },
      policies: { dev: officeHours({ capacity: [{ during: 'hour', min: 1, max: 2 }] }) },
      endpoints: chat,
      for: '12h',
      happens: [{ at: '+7h', noCapacity: 'ml.g5.2xlarge' }],
    });
    expect(of(over, 'endpoints-late')).toEqual(['ALARM', 'OK']);
    const dry = await watch({
      parameters: { Mode: 'dry-run' },
      schedules: { office },
      policies: { dev: officeHours({ capacity: [{ during: 'office', min: 3, max: 4 }] }) },
      endpoints: chat,
      for: '12h',
    });
    expect(of(dry, 'endpoints-late')).toEqual([]);
  });

  it('say that a document is invalid, or missing, until it is mended', async () => {
    const changes = await watch({
      ...day,
      endpoints: { ...chat, lost: realTime('nowhere') },
      for: '4h',
      happens: [
        { at: '+1h', put: 'policies/nowhere', document: { otherwise: { min: 1, max: 2 } } },
        { at: '+2h', put: 'schedules/office', text: '{"timezone":"Europe/Berlin","opne":[]}' },
        { at: '+3h', put: 'schedules/office', document: office },
      ],
    });
    expect(of(changes, 'documents-invalid').slice(-3)).toEqual(['OK', 'ALARM', 'OK']);
  });

  it('say that a parked endpoint cannot come back', async () => {
    const changes = await watch({
      ...day,
      endpoints: chat,
      for: '9h',
      happens: [{ at: '+3h', call: 'SageMaker.DeleteEndpointConfig', with: { EndpointConfigName: 'chat' } }],
    });
    expect(of(changes, 'endpoints-orphaned')).toEqual(['ALARM']);
  });
});
