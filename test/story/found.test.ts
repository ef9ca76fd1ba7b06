/** Scenario documents that show every invariant broken if a mistake is made, as they stand: nothing of them may be. */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { runDocument } from '../../rehearsal/soak/run-document.ts';

const FOLDERS = {
  /** Every failure that the soak has found, shrunk to what shows it: none of them may come back. */
  found: fileURLToPath(new URL('found/', import.meta.url)),
  /** Small fleets in which a plausible mistake in the scaler breaks an invariant. */
  attacked: fileURLToPath(new URL('attacked/', import.meta.url)),
};

describe.each(Object.entries(FOLDERS))('documents: %s', (_, folder) => {
  it.each(readdirSync(folder).filter((name) => name.endsWith('.yaml')))('%s', async (name) => {
    const { findings, checked, times } = await runDocument(readFileSync(`${folder}${name}`, 'utf8'));
    expect(findings).toEqual([]);
    expect(checked, 'an invariant must have been looked at').toBeGreaterThan(0);
    expect(Math.min(1, ...times), 'every entry of the document must take effect, or it shows nothing').toBe(1);
  });
});
