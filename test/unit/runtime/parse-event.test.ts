import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseEvent } from '../../../shared/runtime/parse-event.ts';

const RECEIVED = Date.parse('2026-03-23T12:00:00Z');
const sample = (name: string) => JSON.parse(readFileSync(`events/${name}.json`, 'utf8')) as Record<string, unknown>;
const parsed = (name: string) => parseEvent(sample(name), RECEIVED);
const at = (text: string) => Date.parse(text);

describe('parseEvent', () => {
  it('knows every sample, and says unknown or malformed only where the name does', () => {
    for (const file of readdirSync('events').filter((name) => name.endsWith('.json'))) {
      const { kind } = parsed(file.replace('.json', ''));
      expect([file, kind === 'malformed']).toEqual([file, file.includes('malformed')]);
      expect([file, kind === 'unknown']).toEqual([file, file.includes('unknown')]);
    }
  });

  it('reads a tick', () => {
    expect(parsed('tick')).toEqual({ kind: 'tick', scheduledAt: at('2026-03-23T06:48:00Z') });
  });

  it('reads a state change, also with an epoch in its envelope', () => {
    const expected = {
      kind: 'endpoint-state',
      endpoint: 'Chat-Dev',
      status: 'IN_SERVICE',
      at: at('2026-03-23T06:48:00Z'),
    };
    expect(parsed('endpoint-state-in-service')).toEqual(expected);
    expect(parsed('endpoint-state-epoch-time')).toEqual(expected);
  });

  it('takes the last modification, then the receipt, for a time it cannot read', () => {
    const event = { ...sample('endpoint-state-in-service'), time: 'soon' };
    expect(parseEvent(event, RECEIVED)).toMatchObject({ at: 1774248480000 });
    const { detail, ...rest } = event as unknown as { detail: Record<string, unknown> };
    const { LastModifiedTime: _, ...less } = detail;
    expect(parseEvent({ ...rest, detail: less }, RECEIVED)).toMatchObject({ at: RECEIVED });
  });

  it('reads both shapes of an alarm alike, with the time of its transition', () => {
    const expected = {
      kind: 'alarm',
      alarm: 'endpoint-scaler-Transcribe-backlog',
      state: 'ALARM',
      at: at('2026-03-23T06:01:12.345Z'),
      endpoints: ['Transcribe'],
    };
    expect(parsed('alarm-own')).toEqual(expected);
    expect(parsed('alarm-action')).toEqual(expected);
    expect(parsed('alarm-own-ok')).toMatchObject({ state: 'OK' });
    expect(parsed('alarm-named-composite')).toMatchObject({ alarm: 'orders-queue-not-empty', endpoints: [] });
  });

  it('reads a request for a wake and shortens what people write', () => {
    expect(parsed('wake-requested')).toMatchObject({
      endpoint: 'chat-dev',
      by: 'nightly-evaluation',
      why: 'evaluation at 03:00',
    });
    expect(parsed('wake-requested-by-alarm')).toMatchObject({ demand: 'alarm:orders-queue-not-empty' });
    const long = { ...sample('wake-requested'), detail: { endpoint: 'a', why: 'x'.repeat(5_000), by: 7 } };
    const trigger = parseEvent(long, RECEIVED);
    expect(trigger.kind === 'wake-requested' && trigger.why?.length).toBe(200);
    expect(trigger).not.toHaveProperty('by');
  });

  it('names what is wrong', () => {
    expect(parsed('tick-malformed')).toMatchObject({
      problem: expect.stringContaining('scheduledAt is "<aws.scheduler'),
    });
    expect(parsed('alarm-malformed')).toMatchObject({
      problem: 'state.value is "ON": one of OK, ALARM, INSUFFICIENT_DATA',
    });
    expect(parsed('wake-requested-malformed')).toMatchObject({ problem: expect.stringContaining('"not a name!"') });
    expect(parsed('unknown')).toMatchObject({ what: '"aws.ec2" / "EC2 Instance State-change Notification"' });
  });

  it.each([[undefined], [null], ['text'], [7], [[]]])('survives %j', (event) => {
    expect(parseEvent(event, RECEIVED)).toMatchObject({ kind: 'malformed' });
  });
});
