import { describe, expect, it } from 'vitest';
import { HOUR } from '../../../shared/domain/time.ts';
import { createPolicyLibrary } from '../../../shared/runtime/policy-library.ts';

const NOW = Date.parse('2026-03-24T07:00:00Z');
const document = (text: string) => ({
  kind: 'policies' as const,
  name: 'dev',
  parameter: '/endpoint-scaler/policies/dev',
  version: 1,
  text,
});

describe('the policy library', () => {
  it('believes the text of a document, not its version', () => {
    const library = createPolicyLibrary('endpoint-scaler');
    library.update([document('{"otherwise":"zero","zero":{"by":"park"}}')]);
    expect(library.compile('dev', [], NOW, NOW + HOUR)).toMatchObject({ ok: true, policy: { mayBeZero: true } });
    library.update([document('{"otherwise":{"min":1,"max":2}}')]);
    expect(library.compile('dev', [], NOW, NOW + HOUR)).toMatchObject({
      ok: true,
      policy: { mayBeZero: false },
    });
  });

  it('compiles once an hour, and remembers one hour only: an environment may be warm for days', () => {
    const library = createPolicyLibrary('endpoint-scaler');
    library.update([document('{"otherwise":"zero","zero":{"by":"park"}}')]);
    const at = (hour: number) => library.compile('dev', [], NOW + hour * HOUR, NOW + (hour + 8) * HOUR);
    const first = at(0);
    expect(at(0)).toBe(first);
    at(1);
    expect(at(0), 'forgotten').not.toBe(first);
  });
});
