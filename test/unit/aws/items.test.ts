import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { createItemReader, UPGRADES } from '../../../shared/aws/items.ts';
import { SCHEMA_VERSION } from '../../../shared/domain/record.ts';

const item = (pk: string, schemaVersion: string, body: object) => ({
  pk: { S: pk },
  sk: { S: 'x' },
  schemaVersion: { N: schemaVersion },
  version: { N: '7' },
  body: { S: JSON.stringify(body) },
});

describe('the steps from version to version', () => {
  it('lead up to the version that is written now', () => {
    expect(UPGRADES.length).toBe(SCHEMA_VERSION - 1);
  });

  it('are taken in order, from the item’s own version on, by its kind alone', () => {
    const told: unknown[] = [];
    const read = createItemReader(
      (_, fields) => told.push(fields),
      [
        { hold: (body) => ({ ...body, steps: ['1 to 2'] }) },
        { hold: (body) => ({ ...body, steps: [...(body['steps'] as string[]), '2 to 3'] }), recipe: () => ({ v: 3 }) },
      ],
    );
    expect(read(item('hold', '1', { by: 'ada' }))).toEqual({
      body: { by: 'ada', steps: ['1 to 2', '2 to 3'] },
      version: 7,
    });
    expect(read(item('hold', '2', { steps: ['was'] }))).toMatchObject({ body: { steps: ['was', '2 to 3'] } });
    expect(read(item('hold', '3', { steps: [] }))).toMatchObject({ body: { steps: [] } });
    expect(read(item('hold-history/chat', '1', { by: 'ada' }))).toMatchObject({ body: { by: 'ada' } });
    const recipe = { ...item('recipe/chat', '2', {}), body: { B: gzipSync('{"v":2}') } };
    expect(read(recipe)).toMatchObject({ body: { v: 3 } });
    expect(told).toEqual([]);
    expect(read(item('hold', '4', {}))).toBe('newer');
    expect(told).toEqual([{ pk: 'hold', sk: 'x', schemaVersion: 4 }]);
  });

  it.each([
    ['no JSON', { ...item('fleet', '1', {}), body: { S: '{' } }],
    ['no object', { ...item('fleet', '1', {}), body: { S: '7' } }],
    ['no gzip', { ...item('recipe/chat', '1', {}), body: { B: Buffer.from('x') } }],
    ['a kind that nobody writes', item('other', '1', {})],
  ])('damage is a value: %s', (_, damaged) => {
    expect(createItemReader(() => undefined)(damaged)).toBe('damaged');
  });
});
