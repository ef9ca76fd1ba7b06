/** Clock and calendar of one IANA zone, for labels; runs in Node and in the page. Instants are epoch milliseconds. */
export interface Zone {
  readonly name: string;
  /** `08:00` */
  readonly time: (instant: number) => string;
  /** `Wed 25 Mar` */
  readonly day: (instant: number) => string;
  /** `Wed 25 Mar 08:00` */
  readonly stamp: (instant: number) => string;
}

/** One local day, cut to the run. */
export interface Day {
  readonly from: number;
  readonly to: number;
  /** `Wed 25 Mar` */
  readonly label: string;
  readonly weekend: boolean;
  /** Hours that the clock was put forward (1) or back (-1) in it. */
  readonly shift: number;
}

const QUARTER_HOUR = 15 * 60_000;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'] as const;
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

interface Local {
  readonly date: string;
  readonly hour: string;
  readonly minute: string;
  readonly label: string;
  readonly weekday: number;
}

function readLocal(format: Intl.DateTimeFormat, instant: number): Local {
  const parts: Record<string, string> = {};
  for (const part of format.formatToParts(instant)) parts[part.type] = part.value;
  const { year = '', month = '', day = '', hour = '', minute = '' } = parts;
  const weekday = new Date(`${year}-${month}-${day}T00:00:00Z`).getUTCDay();
  // Names are ours: those of the runtime's locale data change between releases, and the page must not.
  const label = `${WEEKDAYS[weekday]} ${Number(day)} ${MONTHS[Number(month) - 1]}`;
  return { date: `${year}-${month}-${day}`, hour, minute, label, weekday };
}

function createFormat(timeZone: string): Intl.DateTimeFormat {
  return new Intl.DateTimeFormat('en-US', {
    timeZone,
    hourCycle: 'h23',
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
  });
}

function readOffset(format: Intl.DateTimeFormat, instant: number): number {
  const local = readLocal(format, instant);
  const shown = Date.parse(`${local.date}T${local.hour}:${local.minute}:00Z`);
  return shown - Math.floor(instant / 60_000) * 60_000;
}

export function createZone(name: string): Zone {
  const format = createFormat(name);
  const time = (instant: number): string => {
    const local = readLocal(format, instant);
    return `${local.hour}:${local.minute}`;
  };
  const day = (instant: number): string => readLocal(format, instant).label;
  return { name, time, day, stamp: (instant) => `${day(instant)} ${time(instant)}` };
}

/** The local days that [from, to) touches. Quarter hours are walked because zones turn their date at any of them. */
export function listDays(from: number, to: number, zoneName: string): Day[] {
  const format = createFormat(zoneName);
  const days: Day[] = [];
  let begin = from;
  let local = readLocal(format, from);
  const close = (end: number): void => {
    const shift = (readOffset(format, end) - readOffset(format, begin)) / 3_600_000;
    days.push({ from: begin, to: end, label: local.label, weekend: local.weekday === 0 || local.weekday === 6, shift });
    begin = end;
  };
  for (let at = Math.floor(from / QUARTER_HOUR + 1) * QUARTER_HOUR; at < to; at += QUARTER_HOUR) {
    const next = readLocal(format, at);
    if (next.date === local.date) continue;
    close(at);
    local = next;
  }
  close(to);
  return days;
}
