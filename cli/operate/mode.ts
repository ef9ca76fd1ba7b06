import type { Account } from '../account/connect.ts';
import type { Io } from '../output.ts';

/** What is asked for is stored, and the stack's mode decides what comes of it. */
export function warnAboutMode({ stack }: Account, io: Io, asked: 'up' | 'down' | 'hands-off' | 'wake'): void {
  const { mode } = stack.settings;
  if (stack.assumed) {
    io.note('no stack works on this table: what was asked for waits until one does');
  } else if (mode === 'off') {
    io.note('the mode of the stack is off: nothing is done about it until that changes');
  } else if (asked === 'down' && mode !== 'on') {
    io.note(`the mode of the stack is ${mode}: nothing is parked or scaled in`);
  } else if (asked === 'up' && mode === 'dry-run') {
    io.note('the mode of the stack is dry-run: only what is parked wakes, no capacity is changed');
  }
}
