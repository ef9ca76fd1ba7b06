import { describe, expect, it } from 'vitest';
import { addActions, rewireAlarm } from '../../../shared/domain/alarm-actions.ts';

const arns = new Map([
  ['old-a', 'new-a'],
  ['old-b', 'new-b'],
]);
const saved = { AlarmActions: ['old-a', 'pages'], OKActions: ['old-b'], InsufficientDataActions: [], Threshold: 1 };

describe('an alarm of a woken endpoint', () => {
  it('that is gone comes back whole, on the new policies', () => {
    expect(rewireAlarm(saved, undefined, arns)).toEqual({
      AlarmActions: ['new-a', 'pages'],
      OKActions: ['new-b'],
      InsufficientDataActions: [],
      Threshold: 1,
    });
  });

  it('that is there keeps what its owner changed meanwhile', () => {
    const actual = { AlarmActions: ['pages'], OKActions: [], InsufficientDataActions: ['chat-room'], Threshold: 7 };
    expect(rewireAlarm(saved, actual, arns)).toEqual({
      AlarmActions: ['new-a', 'pages'],
      OKActions: ['new-b'],
      InsufficientDataActions: ['chat-room'],
      Threshold: 7,
    });
  });

  it('keeps the policies of another endpoint that came back meanwhile, under their new ARN', () => {
    const shared = { ...saved, AlarmActions: ['old-a', 'their-old'] };
    const actual = { ...saved, AlarmActions: ['their-new'], OKActions: ['new-b'] };
    expect(rewireAlarm(shared, actual, arns)).toMatchObject({ AlarmActions: ['their-new', 'new-a'] });
  });

  it('loses ARNs of policies that are no more, where AWS left them', () => {
    expect(rewireAlarm(saved, saved, arns)).toMatchObject({ AlarmActions: ['new-a', 'pages'], OKActions: ['new-b'] });
  });

  it('is the same after a delete that took nothing', () => {
    const same = new Map([['old-a', 'old-a']]);
    expect(rewireAlarm(saved, saved, same)).toEqual(saved);
  });

  it('takes over only the actions that are asked for', () => {
    const other = { AlarmActions: ['x', 'y'], OKActions: ['x'] };
    expect(addActions({ AlarmActions: ['pages'] }, other, new Set(['x']))).toEqual({
      AlarmActions: ['pages', 'x'],
      OKActions: ['x'],
    });
  });
});
