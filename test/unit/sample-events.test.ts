import { describe, expect, it } from 'vitest';
import { readSample, readSampleTable, sampleNames } from '../support/sample-events.ts';

const rows = readSampleTable();

describe('events/README.md', () => {
  it('lists every sample event once, and nothing else', () => {
    expect(rows.map(({ name }) => name).sort()).toEqual(sampleNames());
  });

  it('says of each how it was obtained, and by its name which files it comes from', () => {
    for (const { name, obtainedFrom } of rows) {
      expect(obtainedFrom, name).not.toBe('');
      const [, source] = /^`([\w-]+)\.json`/.exec(obtainedFrom) ?? [];
      if (source !== undefined) expect(sampleNames(), name).toContain(source);
      if (source !== undefined && obtainedFrom.endsWith('byte for byte'))
        expect(readSample(name)).toEqual(readSample(source));
      if (source !== undefined && obtainedFrom.endsWith('another `id`')) {
        const { id, ...rest } = readSample(name);
        const { id: original, ...expected } = readSample(source);
        expect([name, rest]).toEqual([name, expected]);
        expect(id, name).not.toBe(original);
      }
    }
  });

  it('names the trigger that the event itself names', () => {
    for (const { name, trigger } of rows) {
      const detailType = readSample(name)['detail-type'];
      if (detailType !== undefined) expect([name, trigger]).toEqual([name, detailType]);
    }
  });
});
