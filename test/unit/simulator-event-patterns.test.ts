import { readdirSync, readFileSync } from 'node:fs';
import JSON5 from 'json5';
import { describe, expect, it } from 'vitest';
import { compileEventPattern, parseEventPattern } from '../../simulator/eventbridge/pattern.ts';
import { hasRecordings, readSnapshot, recordingsPath } from '../support/recordings.ts';

interface Case {
  readonly name: string;
  readonly event: Record<string, unknown>;
  readonly pattern: unknown;
}

function readCases(): Case[] {
  const folder = recordingsPath('event-patterns');
  const read = (file: string): Record<string, never> => JSON5.parse(readFileSync(`${folder}/${file}`, 'utf8'));
  const cases = readdirSync(folder)
    .filter((file) => file.endsWith('.json5'))
    .map((file) => {
      const { Event: event, EventPattern: pattern } = read(file);
      return { name: file.replace(/\.json5$/, ''), event: event!, pattern };
    });
  cases.push({
    name: 'complex_multi_key_event',
    event: read('complex_multi_key_event.json') as never,
    pattern: read('complex_multi_key_event_pattern.json') as never,
  });
  return cases;
}

function outcomeOf(pattern: unknown, event: Record<string, unknown>): string {
  try {
    return compileEventPattern(pattern).matches(event) ? 'matches' : 'does not match';
  } catch (error) {
    return `refused: ${(error as Error).message}`;
  }
}

describe.skipIf(!hasRecordings('recorded event patterns'))('recorded event patterns', () => {
  const reasons = hasRecordings('reasons of refused patterns')
    ? readSnapshot('test_events_patterns.snapshot.json')
    : new Map();

  it('are all there', () => {
    expect(readCases().length).toBeGreaterThanOrEqual(156);
  });

  it.each(readCases())('$name', ({ name, event, pattern }) => {
    const outcome = outcomeOf(pattern, event);
    if (name.endsWith('_EXC')) {
      const recorded = reasons.get(`TestEventPattern::test_event_pattern[${name}]`)?.[name];
      expect(outcome).toMatch(/^refused: /);
      if (recorded !== undefined) expect(outcome).toBe(`refused: ${recorded.exception_message.Error.Message}`);
    } else {
      expect(outcome).toBe(name.endsWith('_NEG') ? 'does not match' : 'matches');
    }
  });
});

describe('event patterns', () => {
  const event = (detail: unknown): Record<string, unknown> => ({ source: 's', detail });

  it('match several fields of an array of objects only within one element', () => {
    const pattern = compileEventPattern({ detail: { list: { a: ['1'], b: ['2'] } } });
    expect(pattern.matches(event({ list: [{ a: '1', b: '2' }] }))).toBe(true);
    expect(
      pattern.matches(
        event({
          list: [
            { a: '1', b: 'x' },
            { a: 'x', b: '2' },
          ],
        }),
      ),
    ).toBe(false);
  });

  it('match numbers by value and never as text', () => {
    const pattern = compileEventPattern({ detail: { n: [300] } });
    expect(pattern.matches(event({ n: 3e2 }))).toBe(true);
    expect(pattern.matches(event({ n: '300' }))).toBe(false);
  });

  it('treat $or of a single object as a field of that name', () => {
    const pattern = compileEventPattern({ detail: { $or: [{ exists: false }] } });
    expect(pattern.matches(event({ a: 1 }))).toBe(true);
  });

  it('take every combination of sibling $or', () => {
    const pattern = compileEventPattern({ detail: { $or: [{ a: [1] }, { b: [1] }], c: [1] } });
    expect(pattern.matches(event({ b: 1, c: 1 }))).toBe(true);
    expect(pattern.matches(event({ b: 1, c: 2 }))).toBe(false);
  });

  it('understand escaped stars in wildcards', () => {
    const pattern = compileEventPattern({ detail: { p: [{ wildcard: 'a\\*b*' }] } });
    expect(pattern.matches(event({ p: 'a*bc' }))).toBe(true);
    expect(pattern.matches(event({ p: 'axbc' }))).toBe(false);
  });

  it('are refused as text that is no JSON object', () => {
    expect(() => parseEventPattern('["not", "a", "dict"]')).toThrow(
      'Event pattern is not valid. Reason: Filter is not an object',
    );
    expect(() => parseEventPattern('{bad')).toThrow(/^Event pattern is not valid. Reason: /);
  });
});
