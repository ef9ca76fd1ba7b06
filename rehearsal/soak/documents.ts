/** A part of a scenario document as plain data: what YAML holds. */
export type Entry = Readonly<Record<string, unknown>>;

export interface SoakDocument {
  readonly start: string;
  readonly for: string;
  readonly seed: number;
  readonly region: string;
  readonly parameters: Readonly<Record<string, string | number>>;
  readonly schedules: Readonly<Record<string, Entry>>;
  readonly policies: Readonly<Record<string, Entry>>;
  readonly endpoints: Readonly<Record<string, Entry>>;
  readonly happens: readonly Entry[];
}
