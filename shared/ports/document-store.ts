import type { DocumentSource, RawDocument } from './documents-source.ts';
import type { Outcome } from './outcome.ts';

export interface DocumentWrite {
  readonly parameter: string;
  readonly text: string;
  /** Costs money and cannot be taken back, so it is asked for and never implied. */
  readonly advanced: boolean;
}

/**
 * Documents for whoever writes them. Ownership is a tag on the parameter, so that a console edit keeps it and IAM can
 * speak of it. SSM has no conditional write: callers compare versions before and after.
 */
export interface DocumentStore extends DocumentSource {
  /** Names of the parameters that bear this owner's tag. */
  ownedBy(owner: string): Promise<Outcome<ReadonlySet<string>>>;
  /** The owner in a parameter's tag; undefined: it has none. */
  ownerOf(parameter: string): Promise<Outcome<string | undefined>>;
  /** As it is now; undefined: surely not there. */
  read(parameter: string): Promise<Outcome<Pick<RawDocument, 'version' | 'text'> | undefined>>;
  /** Fails (class `exists`) where there is one of that name already; the owner's tag comes with it, atomically. */
  create(write: DocumentWrite, owner: string): Promise<Outcome<void>>;
  /** Answers the version that was written. */
  overwrite(write: DocumentWrite): Promise<Outcome<number>>;
  /** Puts the owner's tag on a parameter that is there. */
  adopt(parameter: string, owner: string): Promise<Outcome<void>>;
  remove(parameter: string): Promise<Outcome<void>>;
}
